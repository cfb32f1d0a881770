const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// RFC 4648 base 32 without padding.
pub fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 8 / 5 + 1);
    let (mut window, mut bits) = (0u32, 0u32);
    for &byte in bytes {
        window = (window << 8) | u32::from(byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(ALPHABET[((window >> bits) & 31) as usize] as char);
        }
    }
    if bits > 0 {
        text.push(ALPHABET[((window << (5 - bits)) & 31) as usize] as char);
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn encodes_the_vectors_of_the_rfc() {
        assert_eq!(super::encode(b"foobar"), "MZXW6YTBOI");
        assert_eq!(super::encode(b""), "");
    }
}
