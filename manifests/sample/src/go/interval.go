package interval

import "sort"

// Span is half open: it holds Start and not End.
type Span struct{ Start, End int }

// Merge returns the fewest spans that cover the same points, in order.
func Merge(spans []Span) []Span {
	sorted := append([]Span(nil), spans...)
	sort.Slice(sorted, func(i, j int) bool { return sorted[i].Start < sorted[j].Start })
	var merged []Span
	for _, span := range sorted {
		if span.End <= span.Start {
			continue
		}
		last := len(merged) - 1
		if last >= 0 && span.Start <= merged[last].End {
			merged[last].End = max(merged[last].End, span.End)
			continue
		}
		merged = append(merged, span)
	}
	return merged
}

// Gaps returns what of the whole the spans leave uncovered.
func Gaps(whole Span, spans []Span) []Span {
	var gaps []Span
	at := whole.Start
	for _, span := range Merge(spans) {
		if span.Start > at {
			gaps = append(gaps, Span{at, min(span.Start, whole.End)})
		}
		at = max(at, span.End)
	}
	if at < whole.End {
		gaps = append(gaps, Span{at, whole.End})
	}
	return gaps
}
