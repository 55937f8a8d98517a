// Package selfservice is what people do for themselves: the account pages
// under /account, and registration where it is open. Nobody reaches anything
// here but their own record.
package selfservice
