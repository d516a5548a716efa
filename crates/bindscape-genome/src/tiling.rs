//! Windows of the network's length over longer sequences.

/// Starts of windows of `window` bases every `stride` bases over a sequence of
/// `length` bases, from its first base to its last: where the stride does not
/// end there, one more window ends at the last base.
///
/// Empty if the sequence is shorter than a window.
///
/// # Panics
/// If `window` or `stride` is 0.
pub fn starts(length: u64, window: u64, stride: u64) -> impl Iterator<Item = u64> + Clone {
    assert!(window > 0 && stride > 0, "windows and strides have a size");
    let last = length.checked_sub(window);
    let regular = last.map_or(0, |last| last / stride + 1);
    let extra = last.filter(|last| last % stride != 0);
    (0..regular).map(move |index| index * stride).chain(extra)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_last_window_ends_at_the_end() {
        assert_eq!(starts(200, 200, 50).collect::<Vec<_>>(), [0]);
        assert_eq!(
            starts(520, 200, 150).collect::<Vec<_>>(),
            [0, 150, 300, 320]
        );
        assert_eq!(starts(199, 200, 50).count(), 0);
    }

    proptest! {
        #[test]
        fn every_base_is_covered_when_the_stride_is_no_longer_than_a_window(
            window in 1u64..50, stride in 1u64..50, extra in 0u64..200,
        ) {
            let stride = stride.min(window);
            let length = window + extra;
            let windows: Vec<u64> = starts(length, window, stride).collect();
            prop_assert_eq!(windows[0], 0);
            prop_assert_eq!(windows[windows.len() - 1] + window, length);
            prop_assert!(windows.windows(2).all(|pair| pair[0] < pair[1] && pair[1] - pair[0] <= stride));
        }
    }
}
