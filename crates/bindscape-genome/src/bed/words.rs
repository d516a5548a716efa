//! Numbers and separators in text, eight bytes at a time: what most of the
//! time of reading tens of millions of lines goes into.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

#[inline]
fn word(text: &[u8]) -> Option<u64> {
    text.first_chunk().map(|bytes| u64::from_le_bytes(*bytes))
}

/// The place of the first `wanted`, in short fields.
#[inline]
pub fn find(text: &[u8], wanted: u8) -> Option<usize> {
    let pattern = ONES * u64::from(wanted);
    let mut from = 0;
    while let Some(bytes) = word(&text[from..]) {
        let differing = bytes ^ pattern;
        // The high bit of every zero byte; of bytes above the first one, perhaps wrongly.
        let equal = differing.wrapping_sub(ONES) & !differing & HIGH;
        if equal != 0 {
            return Some(from + equal.trailing_zeros() as usize / 8);
        }
        from += 8;
    }
    let place = text[from..].iter().position(|&byte| byte == wanted)?;
    Some(from + place)
}

/// The number at the beginning of `text` and its length in bytes; `None` if
/// there is none or it does not fit.
#[inline]
pub(super) fn leading_number(text: &[u8]) -> Option<(u32, usize)> {
    let mut value = 0u64;
    let mut length = 0;
    if let Some(bytes) = word(text) {
        let digits = bytes ^ (ONES * u64::from(b'0'));
        // The high bit of every byte above 9; of bytes above the first one, perhaps wrongly.
        let others = (digits.wrapping_add(ONES * 118) | digits) & HIGH;
        if others != 0 {
            length = others.trailing_zeros() as usize / 8;
            return (length > 0).then(|| (eight_digits(digits << (64 - 8 * length)), length));
        }
        value = u64::from(eight_digits(digits));
        length = 8;
    }
    for &byte in &text[length..] {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        value = value * 10 + u64::from(digit);
        length += 1;
        // Ten digits are the most that can fit; many more would overflow here.
        if length > 10 {
            return None;
        }
    }
    match u32::try_from(value) {
        Ok(value) if length > 0 => Some((value, length)),
        _ => None,
    }
}

/// The number of eight digits, one per byte, the first in the lowest byte.
#[inline]
fn eight_digits(digits: u64) -> u32 {
    // Neighbours are joined: to four numbers below 100, two below 10,000, one below 100,000,000.
    let pairs = (digits.wrapping_mul(10) + (digits >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs.wrapping_mul(100) + (pairs >> 16)) & 0x0000_ffff_0000_ffff;
    let eight = (fours.wrapping_mul(10_000) + (fours >> 32)) & 0xffff_ffff;
    u32::try_from(eight).expect("masked to 32 bits")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        #[test]
        fn numbers_as_the_standard_library_reads_them(
            number in prop_oneof![any::<u32>(), 0u32..1_000],
            zeros in 0usize..3,
            after in "[^0-9]{0,9}",
        ) {
            let digits = format!("{}{number}", "0".repeat(zeros));
            let expected = (digits.len() <= 10).then_some((number, digits.len()));
            let text = format!("{digits}{after}");
            prop_assert_eq!(leading_number(text.as_bytes()), expected);
        }

        #[test]
        fn the_first_of_a_byte(text in prop::collection::vec(0u8..6, 0..40), wanted in 0u8..6) {
            prop_assert_eq!(find(&text, wanted), text.iter().position(|&byte| byte == wanted));
            let high: Vec<u8> = text.iter().map(|byte| byte + 0x7e).collect();
            let place = high.iter().position(|&byte| byte == wanted + 0x7e);
            prop_assert_eq!(find(&high, wanted + 0x7e), place);
        }
    }

    #[test]
    fn what_is_no_number() {
        for text in [
            "",
            "x",
            "-1234567",
            "\t12345678",
            "4294967296",
            "99999999999",
            "é1234567",
        ] {
            assert_eq!(leading_number(text.as_bytes()), None, "{text}");
        }
        assert_eq!(leading_number(b"12345678:"), Some((12_345_678, 8)));
        assert_eq!(leading_number(b"1234/5678"), Some((1234, 4)));
    }
}
