package pages

import (
	"fmt"
	"html/template"
)

// iconPath is a drawing on a ground of 24 by 24, in lines of one width.
func iconPath(name string) string {
	switch name {
	case "chart":
		return "M5 20v-6M12 20V5M19 20v-9"
	case "home":
		return "M4 11l8-7 8 7v8.5a.5.5 0 0 1-.5.5H15v-6H9v6H4.5a.5.5 0 0 1-.5-.5z"
	case "users":
		return "M9 11.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM3 20c0-3.3 2.7-5.5 6-5.5s6 2.2 6 5.5M16 5a3.5 3.5 0 0 1 0 6.3M17.5 14.9c2 .7 3.5 2.5 3.5 5.1"
	case "person":
		return "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM5 20.5c0-3.6 3-6 7-6s7 2.4 7 6"
	case "shield":
		return "M12 3l7 2.5v5.5c0 4.5-3 8-7 10-4-2-7-5.5-7-10V5.5zM9 12l2.2 2.2L15.2 10"
	case "screen":
		return "M4 5h16v11H4zM9 20h6M12 16v4"
	case "app":
		return "M4 4h6.5v6.5H4zM13.5 4H20v6.5h-6.5zM4 13.5h6.5V20H4zM13.5 13.5H20V20h-6.5z"
	case "ticket":
		return "M3 7h18v3.5a1.5 1.5 0 0 0 0 3V17H3v-3.5a1.5 1.5 0 0 0 0-3zM14 7v2M14 11v2M14 15v2"
	case "key":
		return "M8 18.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM11.3 10.7L19.5 2.5M15.5 6.5l3 3"
	case "list":
		return "M8.5 6H20M8.5 12H20M8.5 18H20M4 6h.01M4 12h.01M4 18h.01"
	case "sliders":
		return "M4 7h9M17 7h3M4 17h3M11 17h9M15 9.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4zM9 19.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4z"
	case "lock":
		return "M5.5 11h13v9.5h-13zM8.5 11V7.5a3.5 3.5 0 0 1 7 0V11"
	case "box":
		return "M12 3v11M8 10.5l4 4 4-4M4 16.5V20h16v-3.5"
	case "out":
		return "M14 4H5v16h9M10 12h10.5M17 8.5l3.5 3.5-3.5 3.5"
	case "warn":
		return "M12 4L2.8 20h18.4zM12 10v4.5M12 17.3v.01"
	case "info":
		return "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 11v5.5M12 7.7v.01"
	case "check":
		return "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM8 12.3l2.8 2.7 5.2-5.7"
	case "search":
		return "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.3 15.3L20 20"
	case "plus":
		return "M12 5v14M5 12h14"
	case "back":
		return "M10 5l-7 7 7 7M3.5 12H21"
	}
	return ""
}

// icon draws; it says nothing, so words stand beside it.
func icon(name string) (template.HTML, error) {
	path := iconPath(name)
	if path == "" {
		return "", fmt.Errorf("no icon %s", name)
	}
	return wrap(`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d="`, path, `"/></svg>`), nil
}
