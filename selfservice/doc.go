// Package selfservice is what people do for themselves: the account pages
// under /account, and registration where it is open. Nobody reaches anything
// here but their own record: every verb takes the ID of whoever is signed in,
// and what the address or a form names is looked for among what is theirs. What
// is not there, was ended meanwhile or is somebody else's gives the same 404.
//
// Pages and forms go as package web has it (Require, Form, Refuse, Once, Done).
// Rules lie in account: passwords and throttling in SignIn and Policy, the
// record in Users, what is open and how it ends in Access, strangers in SignUp.
//
// Where to read:
//
//	selfservice.go  what the room stands on, and every route
//	home.go         /account: what needs attention, how safe it is
//	profile.go      the claims that are one's own to change, and the colours
//	password.go     current password → rules → change → what ends
//	access.go       browsers that are signed in, applications with access
//	activity.go     own part of the audit log, and what of it is not one's to know
//	data.go         deletion: fresh sign-in, username typed, 14 days to change one's mind
//	export.go       everything as JSON, streamed
//	register.go     /register
package selfservice
