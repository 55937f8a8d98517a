// Package pages owns every HTML page that people see: one exported struct per
// page, the templates that turn it into HTML, the message catalogues, and the
// Renderer that writes a page with its headers.
//
// It decides nothing. Which page to show, with which status and which values,
// is for the caller (web, handlers, console, selfservice, demo); pages turns the
// struct into words in the reader's language, escapes everything, and sets the
// security headers.
//
// The flow of one page:
//
//	Renderer.Language(request)          which catalogue
//	Renderer.Write(w, status, ctx, page)
//	   page.describe()                  template, title, what the headers need
//	   template of the language         executed into a buffer
//	   headers, gzip, body              only when the whole page is there
//
// Styles, scripts and icons come from package static. Nothing is inline: the
// content security policy allows neither inline script nor inline style.
//
// # Areas
//
// An area of the product is four files: AREA.go with its structs,
// templates/AREA.html, messages/en/AREA.json (a key stands in one file only;
// English is the truth and fills in for what another language lacks), and
// states_AREA_test.go with every page in every state, which the gallery shows
// and the tests look at in a browser.
//
// # Templates
//
// A template gets a view: the page is .P, and {{template "top" .}} and
// {{template "bottom" .}} are the frame: a card for strangers, the Shell with its
// navigation for those who are signed in. Parts (templates/parts*.html) are what
// pages are put together of. A part is {{template "NAME" (function …)}}, where the
// function prepares it in the reader's language:
//
//	form_top (form $ .Form), field (field $ .Form "name" …), buttons (buttons "key" "/back"), form_bottom
//	review (review $ .Review)      before what disrupts or cannot be undone
//	act (act $ "/path" "key" …)    a form of one button
//	search, list_bar or bulk_bar, table_top … table_bottom, pager   a list, by its ListView
//	facts, tabs, badge, tiles, chart, secret, notice_bar, empty, panel_failed, up, live, contrast
//
// Where a part takes words, a string is a key of the catalogue, (plain …) is text
// as it stands, and (rich …), (mono …) or (bdi …) is HTML that is escaped already.
// A field takes the pairs type (text, email, url, search, number, date, tel,
// password, select, textarea, checkbox, checkboxes, radio, file), label (else
// "field.NAME"), help, optional, mono, rows, autocomplete, inputmode, min, max, accept,
// options, autofocus, and fixed, which shows the value with the reason why it
// cannot be changed.
package pages
