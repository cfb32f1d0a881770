use std::collections::BTreeMap;

#[derive(Default)]
pub struct Trie {
    children: BTreeMap<char, Trie>,
    is_word: bool,
}

impl Trie {
    pub fn insert(&mut self, word: &str) {
        let mut node = self;
        for letter in word.chars() {
            node = node.children.entry(letter).or_default();
        }
        node.is_word = true;
    }

    /// All words that begin with the prefix, in order.
    pub fn complete(&self, prefix: &str) -> Vec<String> {
        let mut node = self;
        for letter in prefix.chars() {
            match node.children.get(&letter) {
                Some(child) => node = child,
                None => return Vec::new(),
            }
        }
        let mut words = Vec::new();
        node.collect(&mut prefix.to_owned(), &mut words);
        words
    }

    fn collect(&self, path: &mut String, words: &mut Vec<String>) {
        if self.is_word {
            words.push(path.clone());
        }
        for (letter, child) in &self.children {
            path.push(*letter);
            child.collect(path, words);
            path.pop();
        }
    }
}
