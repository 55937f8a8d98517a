// Package pages owns every HTML page that people see: one exported struct per
// page, the templates that turn it into HTML, the message catalogues, and the
// Renderer that writes a page with its headers.
//
// It decides nothing. Which page to show, with which status and which values,
// is for the caller (handlers, demo); pages turns the struct into words in the
// reader's language, escapes everything, and sets the security headers.
//
// The flow of one page:
//
//	Renderer.Language(request)          which catalogue
//	Renderer.Write(w, status, ctx, page)
//	   page.describe()                  template, title, what the headers need
//	   template of the language         executed into a buffer
//	   headers, gzip, body              only when the whole page is there
//
// Styles, script and icons come from package static. Nothing is inline: the
// content security policy allows neither inline script nor inline style.
package pages
