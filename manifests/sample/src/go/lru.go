package lru

import "container/list"

// Cache keeps the entries used last, up to a fixed number of them.
type Cache[K comparable, V any] struct {
	capacity int
	order    *list.List
	entries  map[K]*list.Element
}

type entry[K comparable, V any] struct {
	key   K
	value V
}

func New[K comparable, V any](capacity int) *Cache[K, V] {
	return &Cache[K, V]{capacity: capacity, order: list.New(), entries: map[K]*list.Element{}}
}

func (c *Cache[K, V]) Get(key K) (V, bool) {
	if element, ok := c.entries[key]; ok {
		c.order.MoveToFront(element)
		return element.Value.(entry[K, V]).value, true
	}
	var none V
	return none, false
}

func (c *Cache[K, V]) Put(key K, value V) {
	if element, ok := c.entries[key]; ok {
		element.Value = entry[K, V]{key, value}
		c.order.MoveToFront(element)
		return
	}
	c.entries[key] = c.order.PushFront(entry[K, V]{key, value})
	if c.order.Len() > c.capacity {
		oldest := c.order.Back()
		delete(c.entries, c.order.Remove(oldest).(entry[K, V]).key)
	}
}
