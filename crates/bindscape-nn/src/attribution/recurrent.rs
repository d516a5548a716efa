//! A bidirectional LSTM: forward with a record, and multipliers of pairs of rows.

use bindscape_kernels::differences::gates::{Step, StepMut, step, step_multipliers};

use super::number::Number;

/// A bidirectional LSTM.
#[derive(Debug)]
pub(super) struct Bidirectional<R: Number> {
    directions: [Direction<R>; 2],
    steps: usize,
    inputs: usize,
    units: usize,
}

#[derive(Debug)]
struct Direction<R: Number> {
    input: R::Factor,
    hidden: R::Factor,
    input_back: R::Factor,
    hidden_back: R::Factor,
    /// Both biases.
    bias: Vec<R>,
}

/// What [`Bidirectional::multipliers`] needs of the way forward, direction by direction.
pub(super) struct Recorded<R>([Record<R>; 2]);

/// Arrays `[steps, rows, …]` of a direction; see [`Step`].
struct Record<R> {
    z: Vec<R>,
    gates: Vec<R>,
    cells: Vec<R>,
    tanh: Vec<R>,
    rows: usize,
    units: usize,
}

impl<R> Record<R> {
    /// The numbers of a step of one row; `before` is the step taken before it.
    fn step(&self, step: usize, before: Option<usize>, row: usize) -> Step<'_, R> {
        let at = |step: usize| (step * self.rows + row) * self.units;
        let part = |values: &'_ [R], step: usize, wide: usize| -> std::ops::Range<usize> {
            debug_assert!(at(step) * wide < values.len());
            at(step) * wide..at(step) * wide + self.units * wide
        };
        Step {
            z: &self.z[part(&self.z, step, 4)],
            gates: &self.gates[part(&self.gates, step, 4)],
            cells: &self.cells[part(&self.cells, step, 1)],
            tanh: &self.tanh[part(&self.tanh, step, 1)],
            before: before.map(|before| &self.cells[part(&self.cells, before, 1)]),
        }
    }
}

impl<R: Number> Bidirectional<R> {
    /// Of PyTorch's arrays: weights and biases of input and state, one direction after the other.
    pub(super) fn new(arrays: &[Vec<f64>], steps: usize, inputs: usize, units: usize) -> Self {
        let direction = |arrays: &[Vec<f64>]| {
            let [input, hidden, bias, more] = arrays else {
                unreachable!("a direction of an LSTM has four arrays");
            };
            Direction {
                input: R::factor(input, 4 * units, inputs),
                hidden: R::factor(hidden, 4 * units, units),
                input_back: R::transposed(input, 4 * units, inputs),
                hidden_back: R::transposed(hidden, 4 * units, units),
                bias: bias.iter().zip(more).map(|(a, b)| R::of(a + b)).collect(),
            }
        };
        Self {
            directions: [direction(&arrays[..4]), direction(&arrays[4..])],
            steps,
            inputs,
            units,
        }
    }

    /// The steps of a direction in their order.
    fn order(&self, direction: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.steps).collect();
        if direction == 1 {
            order.reverse();
        }
        order
    }

    /// `[rows, steps, 2 * units]` of `x` `[rows, steps, inputs]`.
    pub(super) fn forward(&self, x: &[R], rows: usize) -> (Vec<R>, Recorded<R>) {
        let mut out = vec![R::ZERO; rows * self.steps * 2 * self.units];
        let records = [0, 1].map(|direction| self.forward_direction(direction, x, rows, &mut out));
        (out, Recorded(records))
    }

    fn forward_direction(&self, number: usize, x: &[R], rows: usize, out: &mut [R]) -> Record<R> {
        let (steps, units) = (self.steps, self.units);
        let direction = &self.directions[number];
        let gates = 4 * units;
        let mut given = vec![R::ZERO; rows * steps * gates];
        R::multiply(&direction.input, x, Some(&direction.bias), &mut given);
        let room = |wide: usize| vec![R::ZERO; steps * rows * wide];
        let mut record = Record {
            z: room(gates),
            gates: room(gates),
            cells: room(units),
            tanh: room(units),
            rows,
            units,
        };
        let mut hidden = vec![R::ZERO; rows * units];
        let mut before: Option<usize> = None;
        for at in self.order(number) {
            let z = &mut record.z[at * rows * gates..][..rows * gates];
            if before.is_some() {
                R::multiply(&direction.hidden, &hidden, None, z);
            }
            for (row, z) in z.chunks_exact_mut(gates).enumerate() {
                let given = &given[(row * steps + at) * gates..][..gates];
                z.iter_mut()
                    .zip(given)
                    .for_each(|(z, &given)| *z = *z + given);
            }
            // The cells before the step lie in the same array as those after it.
            let cells: Option<Vec<R>> =
                before.map(|before| record.cells[before * rows * units..][..rows * units].to_vec());
            for row in 0..rows {
                let (wide, narrow) = ((at * rows + row) * gates, (at * rows + row) * units);
                let left = StepMut {
                    gates: &mut record.gates[wide..wide + gates],
                    cells: &mut record.cells[narrow..narrow + units],
                    tanh: &mut record.tanh[narrow..narrow + units],
                    hidden: &mut hidden[row * units..][..units],
                };
                let before = cells.as_ref().map(|cells| &cells[row * units..][..units]);
                step(&record.z[wide..wide + gates], before, left);
                let place = ((row * steps + at) * 2 + number) * units;
                out[place..place + units].copy_from_slice(&hidden[row * units..][..units]);
            }
            before = Some(at);
        }
        record
    }

    /// Multipliers of the input, `[pairs, steps, inputs]`, for those of the output, `m` `[pairs,
    /// steps, 2 * units]`. A pair is the row of an input and that of its reference.
    pub(super) fn multipliers(
        &self,
        recorded: &Recorded<R>,
        pairs: &[(usize, usize)],
        m: &[R],
    ) -> Vec<R> {
        let mut sum: Option<Vec<R>> = None;
        for number in [0, 1] {
            let own = self.direction_multipliers(number, &recorded.0[number], pairs, m);
            match &mut sum {
                None => sum = Some(own),
                Some(sum) => sum
                    .iter_mut()
                    .zip(&own)
                    .for_each(|(sum, &own)| *sum = *sum + own),
            }
        }
        sum.expect("there are two directions")
    }

    fn direction_multipliers(
        &self,
        number: usize,
        record: &Record<R>,
        pairs: &[(usize, usize)],
        m: &[R],
    ) -> Vec<R> {
        let (steps, units) = (self.steps, self.units);
        let direction = &self.directions[number];
        let gates = 4 * units;
        let mut m_z = vec![R::ZERO; pairs.len() * steps * gates];
        let mut m_step = vec![R::ZERO; pairs.len() * gates];
        let mut m_hidden = vec![R::ZERO; pairs.len() * units];
        let mut m_cells = vec![R::ZERO; pairs.len() * units];
        let order = self.order(number);
        for (turn, &at) in order.iter().enumerate().rev() {
            let before = turn.checked_sub(1).map(|turn| order[turn]);
            for (pair, &(own, other)) in pairs.iter().enumerate() {
                let place = ((pair * steps + at) * 2 + number) * units;
                let hidden = &mut m_hidden[pair * units..][..units];
                hidden
                    .iter_mut()
                    .zip(&m[place..])
                    .for_each(|(sum, &m)| *sum = *sum + m);
                let m_step = &mut m_step[pair * gates..][..gates];
                step_multipliers(
                    record.step(at, before, own),
                    record.step(at, before, other),
                    hidden,
                    &mut m_cells[pair * units..][..units],
                    m_step,
                );
                m_z[(pair * steps + at) * gates..][..gates].copy_from_slice(m_step);
            }
            if turn > 0 {
                R::multiply(&direction.hidden_back, &m_step, None, &mut m_hidden);
            }
        }
        let mut m_x = vec![R::ZERO; pairs.len() * steps * self.inputs];
        R::multiply(&direction.input_back, &m_z, None, &mut m_x);
        m_x
    }
}
