package pages

import (
	"strings"
	"unicode/utf8"

	"github.com/nicksnyder/go-i18n/v2/i18n"
)

// pseudoMessages turns English into en-XA: accented, in brackets and 40 %
// longer, so that text which is cut off, squeezed or not in a catalogue shows.
func pseudoMessages(english []*i18n.Message) []*i18n.Message {
	out := make([]*i18n.Message, 0, len(english))
	for _, m := range english {
		p := *m
		for _, form := range []*string{&p.Zero, &p.One, &p.Two, &p.Few, &p.Many, &p.Other} {
			if *form != "" {
				*form = pseudo(*form)
			}
		}
		out = append(out, &p)
	}
	return out
}

func pseudo(s string) string {
	accents := strings.NewReplacer(
		"a", "á", "c", "ç", "d", "ð", "e", "é", "g", "ğ", "i", "î", "l", "ļ", "n", "ñ", "o", "ö", "r", "ř", "s", "š", "t", "ţ", "u", "û", "w", "ŵ", "y", "ý",
		"A", "Å", "C", "Ç", "D", "Ð", "E", "É", "I", "Î", "N", "Ñ", "O", "Ö", "S", "Š", "T", "Ţ", "U", "Û", "W", "Ŵ", "Y", "Ý",
	)
	var b strings.Builder
	b.WriteString("[")
	letters := 0
	for part := range strings.SplitAfterSeq(s, "}}") {
		words, placeholder, found := strings.Cut(part, "{{")
		b.WriteString(accents.Replace(words))
		letters += utf8.RuneCountInString(words)
		if found {
			b.WriteString("{{" + placeholder)
		}
	}
	const filler = " ëxţ"
	for range (letters*2/5 + 3) / 4 {
		b.WriteString(filler)
	}
	b.WriteString("]")
	return b.String()
}
