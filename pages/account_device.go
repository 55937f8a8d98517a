package pages

import "strings"

// Device is what a browser says it is: names of products, "" where unknown.
type Device struct{ Browser, System string }

// mark is a part of a User-Agent header and what it stands for.
type mark struct{ part, name string }

// browserMarks: those that pretend to be another come before it.
func browserMarks() []mark {
	return []mark{
		{"Edg", "Edge"},
		{"OPR/", "Opera"},
		{"OPT/", "Opera"},
		{"Opera", "Opera"},
		{"Vivaldi/", "Vivaldi"},
		{"SamsungBrowser/", "Samsung Internet"},
		{"YaBrowser/", "Yandex Browser"},
		{"DuckDuckGo/", "DuckDuckGo"},
		{"Ddg/", "DuckDuckGo"},
		{"FxiOS/", "Firefox"},
		{"Firefox/", "Firefox"},
		{"CriOS/", "Chrome"},
		{"Chromium/", "Chromium"},
		{"Chrome/", "Chrome"},
		{"Safari/", "Safari"},
	}
}

func systemMarks() []mark {
	return []mark{
		{"iPhone", "iPhone"},
		{"iPad", "iPad"},
		{"Android", "Android"},
		{"CrOS", "ChromeOS"},
		{"Windows", "Windows"},
		{"Macintosh", "macOS"},
		{"Mac OS X", "macOS"},
		{"FreeBSD", "FreeBSD"},
		{"OpenBSD", "OpenBSD"},
		{"Linux", "Linux"},
	}
}

// DeviceOf reads a User-Agent header. It is what the browser chose to say, so
// it helps to recognise a device and proves nothing.
func DeviceOf(userAgent string) Device {
	return Device{Browser: find(browserMarks(), userAgent), System: find(systemMarks(), userAgent)}
}

func find(marks []mark, userAgent string) string {
	for _, m := range marks {
		if strings.Contains(userAgent, m.part) {
			return m.name
		}
	}
	return ""
}

// device puts a User-Agent header into words: "Firefox on Windows".
func (s *speaker) device(userAgent string) (string, error) {
	d := DeviceOf(userAgent)
	switch {
	case d.Browser != "" && d.System != "":
		return s.say(text{key: "device.both", args: args{"Browser": d.Browser, "System": d.System}})
	case d.Browser != "":
		return d.Browser, nil
	case d.System != "":
		return s.say(text{key: "device.system", args: args{"System": d.System}})
	}
	return s.say(text{key: "device.unknown"})
}
