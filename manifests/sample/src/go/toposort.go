package toposort

import (
	"errors"
	"slices"
)

// ErrCycle says that some node depends on itself by way of others.
var ErrCycle = errors.New("dependencies form a cycle")

// Sort puts every node after all it depends on; equals come in alphabetical order.
func Sort(dependencies map[string][]string) ([]string, error) {
	const (
		fresh = iota
		open
		done
	)
	state := map[string]int{}
	var sorted []string
	var visit func(string) error
	visit = func(node string) error {
		switch state[node] {
		case open:
			return ErrCycle
		case done:
			return nil
		}
		state[node] = open
		needs := slices.Sorted(slices.Values(dependencies[node]))
		for _, need := range needs {
			if err := visit(need); err != nil {
				return err
			}
		}
		state[node] = done
		sorted = append(sorted, node)
		return nil
	}
	nodes := make([]string, 0, len(dependencies))
	for node := range dependencies {
		nodes = append(nodes, node)
	}
	slices.Sort(nodes)
	for _, node := range nodes {
		if err := visit(node); err != nil {
			return nil, err
		}
	}
	return sorted, nil
}
