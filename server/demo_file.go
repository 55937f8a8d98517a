package server

import (
	"fmt"
	"strings"
)

// text is demo.env. No value needs quoting: they are addresses, names and
// letters that we made.
func (d demoFile) text() string {
	var b strings.Builder
	b.WriteString("# Written at each start of the demo. Delete it to get new secrets.\n")
	for _, v := range d.fields() {
		fmt.Fprintf(&b, "%s=%s\n", v.name, *v.value)
	}
	return b.String()
}

type namedValue struct {
	name  string
	value *string
}

func (d *demoFile) fields() []namedValue {
	return []namedValue{
		{"GATEHOUSE_ISSUER", &d.issuer},
		{"DEMO_CLIENT_ID", &d.clientID},
		{"DEMO_CLIENT_SECRET", &d.clientSecret},
		{"DEMO_USERNAME", &d.username},
		{"DEMO_PASSWORD", &d.password},
	}
}

// readDemoFile reads demo.env; fs.ErrNotExist when there is none. A file that
// lacks a value was not written by us, so it is an error rather than replaced.
func readDemoFile(path string) (demoFile, error) {
	text, err := readSecretFile(path)
	if err != nil {
		return demoFile{}, err
	}
	var d demoFile
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		for _, f := range d.fields() {
			if f.name == name {
				*f.value = strings.Trim(value, `"'`)
			}
		}
	}
	for _, f := range d.fields()[1:] {
		if *f.value == "" {
			return d, fmt.Errorf("%s has no %s; delete the file to get new secrets", path, f.name)
		}
	}
	return d, nil
}
