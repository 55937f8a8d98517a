// Package static owns the files that pages load: the stylesheets, the scripts
// auth.js (every page) and admin.js (pages of those who are signed in), and the
// icons. They are compiled into the binary, compressed once at the start, and
// addressed by their content (?v=hash), so browsers may keep them for good. It
// also judges an operator's accent colour and derives the other colours from it.
//
// It knows nothing of pages; package pages asks for the addresses. The scripts
// find their work by attributes, and every page works without them:
//
//	auth.js
//	button[data-reveal=ID]       shows and hides the password in the field ID
//	  data-show, data-hide, data-show-name, data-hide-name: its words
//	form[method=post]            is sent once; button[data-busy] says that it is at work
//	form[data-onward]            is sent at once
//
//	admin.js
//	[data-search]                gets the focus at "/"
//	button[data-slash]           turns that key off (its words) and on (data-off)
//	textarea[data-select]        selects its text on focus
//	button[data-copy=ID]         copies the value of ID and then says data-copied
//	input[data-pick]             a row's checkbox; input[data-pick-all], in a hidden label, chooses all
//	form[data-dirty]             holds what a person types: two minutes before
//	body[data-session-ends=UNIX] the session ends it says body[data-session-words]
//	[data-contrast=ID]           tells how the colour in the field ID reads on white, in the
//	                             words data-good or data-bad, where {ratio} stands for the number
//	a[data-live=URL]             listens to server-sent events while the page is in sight: each
//	                             message's data is how many are new, its id goes back as ?last= when
//	                             the page is shown again; the link, empty until then, says data-new ({n}: how many)
//	                             or, when the stream is refused, data-paused; the element before it is read out
package static
