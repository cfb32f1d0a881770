use std::cmp::Ordering;
use std::str::FromStr;

#[derive(Debug, Eq, PartialEq, Clone)]
pub struct Version {
    pub numbers: [u64; 3],
    pub label: Option<String>,
}

impl FromStr for Version {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (core, label) = match text.split_once('-') {
            Some((core, label)) => (core, Some(label.to_owned())),
            None => (text, None),
        };
        let mut numbers = [0; 3];
        let mut parts = core.split('.');
        for number in &mut numbers {
            let part = parts.next().ok_or_else(|| format!("{text}: too few parts"))?;
            *number = part.parse().map_err(|_| format!("{part} is not a number"))?;
        }
        match parts.next() {
            Some(extra) => Err(format!("{text}: {extra} is one part too many")),
            None => Ok(Version { numbers, label }),
        }
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        let labels = match (&self.label, &other.label) {
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (a, b) => a.cmp(b),
        };
        Some(self.numbers.cmp(&other.numbers).then(labels))
    }
}
