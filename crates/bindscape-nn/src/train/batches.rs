//! Batches, and how they are read ahead.

use std::sync::mpsc::sync_channel;

use bindscape_base::Result;

/// Batches of `size`; a last batch of one, which has no variance to normalise by, joins the one
/// before it.
pub(crate) fn split<T: Copy>(items: &[T], size: usize) -> Vec<Vec<T>> {
    let mut batches: Vec<Vec<T>> = items.chunks(size).map(<[T]>::to_vec).collect();
    if batches.len() > 1 && batches.last().is_some_and(|last| last.len() == 1) {
        let single = batches.pop().unwrap_or_default();
        if let Some(last) = batches.last_mut() {
            last.extend(single);
        }
    }
    batches
}

/// Calls `take` with what `make` makes of each item, in order. `make` runs on a thread of
/// its own, two items ahead at most: files are read while the network computes.
///
/// # Errors
/// The first of either.
pub(crate) fn ahead<I: Sync, T: Send>(
    items: &[I],
    make: impl Fn(&I) -> Result<T> + Send,
    mut take: impl FnMut(&I, T) -> Result<()>,
) -> Result<()> {
    std::thread::scope(|scope| {
        let (send, receive) = sync_channel(1);
        scope.spawn(move || {
            for item in items {
                let made = make(item);
                let last = made.is_err();
                // Nobody listens any more once `take` has failed.
                if send.send(made).is_err() || last {
                    break;
                }
            }
        });
        for item in items {
            // The other end hangs up early only when its thread panics, which ends the scope.
            let Ok(made) = receive.recv() else { break };
            take(item, made?)?;
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use bindscape_base::Error;

    use super::*;

    #[test]
    fn a_last_batch_of_one_joins_the_one_before() {
        let sizes = |items: usize| {
            split(&vec![0; items], 10)
                .iter()
                .map(Vec::len)
                .collect::<Vec<_>>()
        };
        assert_eq!(sizes(21), [10, 11]);
        assert_eq!(sizes(22), [10, 10, 2]);
        assert_eq!(sizes(20), [10, 10]);
        assert_eq!(sizes(1), [1]);
    }

    #[test]
    fn reading_ahead_keeps_order_and_stops_at_errors() {
        let items: Vec<usize> = (0..20).collect();
        let mut seen = Vec::new();
        let push = |seen: &mut Vec<usize>, value| {
            seen.push(value);
            Ok(())
        };
        ahead(&items, |&i| Ok(i * i), |_, v| push(&mut seen, v)).unwrap();
        assert_eq!(seen, items.iter().map(|i| i * i).collect::<Vec<_>>());
        let mut seen = Vec::new();
        let fails = |&i: &usize| {
            if i == 5 {
                Err(Error::Interrupted)
            } else {
                Ok(i)
            }
        };
        ahead(&items, fails, |_, v| push(&mut seen, v)).unwrap_err();
        assert_eq!(seen, [0, 1, 2, 3, 4]);
        let mut count = 0;
        let stops = |_: &usize, _: usize| {
            count += 1;
            if count == 3 {
                Err(Error::Interrupted)
            } else {
                Ok(())
            }
        };
        ahead(&items, |&i| Ok(i), stops).unwrap_err();
        assert_eq!(count, 3);
    }
}
