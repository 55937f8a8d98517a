// Package account is about people: how their passwords are kept, who may sign
// in and how often one may try, which browser is signed in, and how an
// administrator looks after users.
//
// It owns
//   - Passwords and Policy: argon2id behind a gate, the hashes of other systems
//     that are understood, and what a password must be;
//   - SignIn: the one place where a password is checked, told to the audit log and counted;
//   - KnownBrowsers: the cookie that sets the owner's browser apart from strangers;
//   - Sessions: the life of a signed-in browser;
//   - Access: what a person has open, sessions and applications, and how it ends;
//   - Users: creating, registering, changing, unlocking and removing users, and the first administrator;
//   - Roles: the names under which people are gathered.
//
// It leaves cookies, forms and status codes to handlers and its siblings,
// tokens to oauth, rows and the record of each change to storage. Whether
// somebody may do what they ask is decided by idp.Permissions in the room that
// asks. It imports idp alone.
//
// # Sign-in
//
//	WithPassword(login, password, ip, known-browser cookie)
//	  1 over-long password? refused                        no lookup, no hash
//	  2 look the login up                                  unknown goes on as nobody
//	  3 known browser of that very user? then its own counter counts,
//	    else the login's, the network's and the wider network's
//	  4 wait in line behind the sign-ins under way against the same counters
//	  5 reserve a try of the networks                      none left: throttled, no hash
//	  6 reserve a try of the login or the known browser    none left: a known browser goes on as a stranger
//	                                                       from 3, others are throttled, one hash spent all the same
//	  7 wait for a place to hash and compare; nobody, and a user without a password, against a dummy
//	  8 wrong, disabled or expired: note it, one answer for all
//	  9 read the user again: a change of password or a disabling meanwhile wins
//	 10 take back the tries of 5 and 6, renew an old hash, note the success
//
// A try is reserved before the password is looked at, so any number of
// requests at once get no more guesses than the limit. A success takes back
// the tries that it reserved itself and nothing else: nobody can wipe out the
// failures of a network by signing in to an own account, and the owner's
// sign-ins give a stranger no new guesses.
//
// Someone who knows a login can use up the login's tries, and then strangers
// are refused for a while, but not the browsers in which the owner has signed
// in before: those have counters of their own, which only the holder of the
// signed cookie can reach, and which a busy network does not touch. When those
// are used up the browser is a stranger, as it would be without its cookie; so
// Users.Unlock, which clears the login's counters, helps the owner too.
//
// # Deletion
//
//	RequestDeletion → DeleteAt, two weeks ahead; the account works until then
//	CancelDeletion  → none; it wins over a deletion that has not happened
//	DeleteDue       → each minute: the store deletes if DeleteAt has passed, in one transaction
//
// # Imported hashes
//
// argon2id and argon2i, bcrypt, scrypt and PBKDF2, in PHC form or as Django,
// Werkzeug and passlib write them (hash_form.go). One costs what its origin
// chose, within bounds that keep a check under about two seconds, and for a time that sets the account
// apart; the first successful sign-in replaces it by one of ours.
package account
