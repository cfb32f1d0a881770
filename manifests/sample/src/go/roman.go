package roman

import (
	"fmt"
	"strings"
)

var symbols = []struct {
	value int
	text  string
}{
	{1000, "M"}, {900, "CM"}, {500, "D"}, {400, "CD"},
	{100, "C"}, {90, "XC"}, {50, "L"}, {40, "XL"},
	{10, "X"}, {9, "IX"}, {5, "V"}, {4, "IV"}, {1, "I"},
}

// Format writes a number from 1 to 3999 in Roman numerals.
func Format(number int) (string, error) {
	if number < 1 || number > 3999 {
		return "", fmt.Errorf("%d has no Roman numeral", number)
	}
	var text strings.Builder
	for _, symbol := range symbols {
		for number >= symbol.value {
			text.WriteString(symbol.text)
			number -= symbol.value
		}
	}
	return text.String(), nil
}

// Parse reads what Format writes; it accepts no other spelling.
func Parse(text string) (int, error) {
	number, rest := 0, text
	for _, symbol := range symbols {
		for strings.HasPrefix(rest, symbol.text) {
			number += symbol.value
			rest = rest[len(symbol.text):]
		}
	}
	if again, err := Format(number); err != nil || again != text {
		return 0, fmt.Errorf("%q is not a Roman numeral", text)
	}
	return number, nil
}
