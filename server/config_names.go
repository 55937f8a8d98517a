package server

import (
	"regexp"
	"slices"
	"strings"
)

// ourPrefix marks the names that are ours alone, so that a misspelt one is found.
const ourPrefix = "GATEHOUSE_"

// testPrefix marks variables that the tests read; the program ignores them.
const testPrefix = ourPrefix + "TEST_"

// Kubernetes describes a Service that is named gatehouse, or gatehouse-db, in
// the environment of every pod beside it. Nobody set these.
var serviceLink = regexp.MustCompile(
	`^GATEHOUSE_([A-Z0-9_]+_)?(SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$`)

func isServiceLink(name, value string) bool {
	return serviceLink.MatchString(name) ||
		strings.HasSuffix(name, "_PORT") && strings.Contains(value, "://")
}

// reportUnknown adds a fault for each GATEHOUSE_ variable that means nothing.
func reportUnknown(vars map[string]string, faults *ConfigError) {
	known := knownNames()
	var unknown []string
	for name, value := range vars {
		if strings.HasPrefix(name, ourPrefix) && !strings.HasPrefix(name, testPrefix) &&
			!slices.Contains(known, name) && !isServiceLink(name, value) {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	for _, name := range unknown {
		if near := nearest(name, known); near != "" {
			faults.add("%s is unknown; did you mean %s?", name, near)
		} else {
			faults.add("%s is unknown", name)
		}
	}
}

func knownNames() []string {
	var names []string
	for name := range variables() {
		names = append(names, name)
	}
	for _, name := range secretNames() {
		names = append(names, name+"_FILE")
	}
	return names
}

// nearest returns the known name that takes the fewest edits to reach, or ""
// when all are far: more than a third of the letters after the prefix.
func nearest(name string, known []string) string {
	if base, ok := strings.CutSuffix(name, "_FILE"); ok && slices.Contains(known, base) {
		return base // only secrets have such a twin
	}
	word := strings.TrimPrefix(name, ourPrefix)
	best, bestCost := "", len(word)/3+1
	for _, k := range known {
		if cost := edits(word, strings.TrimPrefix(k, ourPrefix)); cost < bestCost {
			best, bestCost = k, cost
		}
	}
	return best
}

// edits counts the insertions, deletions and replacements between two words
// (Levenshtein).
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
