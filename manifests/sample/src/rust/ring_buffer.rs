/// A queue of fixed capacity that forgets its oldest entry when it is full.
pub struct RingBuffer<T> {
    slots: Vec<Option<T>>,
    head: usize,
    len: usize,
}

impl<T> RingBuffer<T> {
    pub fn with_capacity(capacity: usize) -> Self {
        assert!(capacity > 0, "a ring buffer holds at least one entry");
        let slots = std::iter::repeat_with(|| None).take(capacity).collect();
        RingBuffer { slots, head: 0, len: 0 }
    }

    pub fn push(&mut self, value: T) -> Option<T> {
        let capacity = self.slots.len();
        let tail = (self.head + self.len) % capacity;
        let forgotten = self.slots[tail].replace(value);
        if self.len < capacity {
            self.len += 1;
        } else {
            self.head = (self.head + 1) % capacity;
        }
        forgotten
    }

    pub fn pop(&mut self) -> Option<T> {
        let value = self.slots[self.head].take()?;
        self.head = (self.head + 1) % self.slots.len();
        self.len -= 1;
        Some(value)
    }
}
