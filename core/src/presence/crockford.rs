//! Crockford base 32, the text form of what a QR label carries.
//!
//! The alphabet has no `I`, `L`, `O` and `U`, so a number read aloud or typed from a worn label stays
//! readable; all of it is in QR's alphanumeric mode.

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Characters that hold `bits` bits.
const fn text_len(bits: u32) -> usize {
    bits.div_ceil(5) as usize
}

/// Writes the lowest `bits` bits of `value`, highest first, filled up with zero bits at the end.
pub(super) fn encode(value: u128, bits: u32) -> String {
    let len = text_len(bits);
    let mut text = String::with_capacity(len);
    for position in 0..len {
        let digit = (0..5).fold(0_u8, |digit, bit| {
            let index = position as u32 * 5 + bit;
            let set = index < bits && (value >> (bits - 1 - index)) & 1 == 1;
            digit << 1 | u8::from(set)
        });
        text.push(ALPHABET.get(usize::from(digit)).map_or('0', |byte| char::from(*byte)));
    }
    text
}

/// Reads exactly the characters that hold `bits` bits; the bits after them must be zero.
/// Lower case, and `O`, `I`, `L` for `0`, `1`, `1` are accepted.
pub(super) fn decode(text: &str, bits: u32) -> Option<u128> {
    if text.len() != text_len(bits) {
        return None;
    }
    let mut value = 0_u128;
    let mut left = bits;
    for byte in text.bytes() {
        let digit = digit_of(byte)?;
        if left >= 5 {
            value = value << 5 | u128::from(digit);
            left -= 5;
        } else {
            let padding = 5 - left;
            if digit.trailing_zeros() < padding {
                return None;
            }
            value = value << left | u128::from(digit >> padding);
            left = 0;
        }
    }
    Some(value)
}

fn digit_of(byte: u8) -> Option<u8> {
    let canonical = match byte.to_ascii_uppercase() {
        b'O' => b'0',
        b'I' | b'L' => b'1',
        other => other,
    };
    ALPHABET.iter().position(|&known| known == canonical).and_then(|at| u8::try_from(at).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        assert_eq!(encode(0, 30), "000000");
        assert_eq!(encode((1 << 30) - 1, 30), "ZZZZZZ");
        assert_eq!(encode(u128::MAX, 128), "ZZZZZZZZZZZZZZZZZZZZZZZZZW");
        assert_eq!(encode(1, 128), "00000000000000000000000004");
        assert_eq!(encode(32, 30), "000010");
    }

    #[test]
    fn padding_must_be_zero() {
        assert_eq!(decode("00000000000000000000000004", 128), Some(1));
        for last in ["1", "2", "3", "5", "6", "7"] {
            assert_eq!(decode(&format!("0000000000000000000000000{last}"), 128), None);
        }
    }

    #[test]
    fn look_alikes_are_read_and_strangers_are_not() {
        assert_eq!(decode("oOiIlL", 30), decode("001111", 30));
        for stranger in ["00000U", "00000u", "00000-", "00000 ", "0000é", "0000000", "00000", ""] {
            assert_eq!(decode(stranger, 30), None, "{stranger}");
        }
    }

    #[test]
    fn zero_as_the_last_digit_is_zero_padding() {
        // 0.trailing_zeros() is the width of the type, which is at least any padding.
        assert_eq!(decode("00000000000000000000000000", 128), Some(0));
    }
}
