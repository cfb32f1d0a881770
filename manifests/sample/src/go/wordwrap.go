package wordwrap

import "strings"

// Wrap breaks text into lines of at most width runes, between words only.
// A word longer than the width stands alone on its line.
func Wrap(text string, width int) []string {
	var lines []string
	var line []string
	length := 0
	for _, word := range strings.Fields(text) {
		size := len([]rune(word))
		if length > 0 && length+1+size > width {
			lines = append(lines, strings.Join(line, " "))
			line, length = nil, 0
		}
		if length > 0 {
			length++
		}
		line = append(line, word)
		length += size
	}
	if len(line) > 0 {
		lines = append(lines, strings.Join(line, " "))
	}
	return lines
}
