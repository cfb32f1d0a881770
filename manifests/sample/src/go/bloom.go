package bloom

import (
	"hash/fnv"
	"math"
)

// Filter answers "maybe" or "certainly not" to whether it has seen a key.
type Filter struct {
	bits   []uint64
	rounds uint64
}

// New sizes a filter for a number of keys and a share of false answers.
func New(keys int, falseRate float64) *Filter {
	bits := math.Ceil(-float64(keys) * math.Log(falseRate) / (math.Ln2 * math.Ln2))
	rounds := math.Max(1, math.Round(bits/float64(keys)*math.Ln2))
	return &Filter{bits: make([]uint64, int(bits)/64+1), rounds: uint64(rounds)}
}

func (f *Filter) positions(key string, visit func(word, mask uint64) bool) bool {
	hash := fnv.New64a()
	hash.Write([]byte(key))
	sum := hash.Sum64()
	first, second := sum&0xffffffff, sum>>32|1
	size := uint64(len(f.bits)) * 64
	for round := uint64(0); round < f.rounds; round++ {
		position := (first + round*second) % size
		if !visit(position/64, 1<<(position%64)) {
			return false
		}
	}
	return true
}

func (f *Filter) Add(key string) {
	f.positions(key, func(word, mask uint64) bool { f.bits[word] |= mask; return true })
}

func (f *Filter) MayHave(key string) bool {
	return f.positions(key, func(word, mask uint64) bool { return f.bits[word]&mask != 0 })
}
