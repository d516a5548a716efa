//! The layers of an encoder, one after the other.

use crate::buffer::Buffer;
use crate::parallel::{self, Shared};

use super::attention::{AttentionShape, Rotary, attention};
use super::layer_norm::layer_norm;
use super::linear::{Finish, Linear};
use super::sequences::Sequences;

/// Rows that a task takes through all linear layers between two attentions: enough to read
/// the weights seldom, few enough that their numbers stay in the cache.
const TASK_ROWS: usize = 192;

/// Scale and shift of a layer norm.
#[derive(Debug, Clone)]
pub struct Norm {
    /// `[width]`.
    pub scale: Vec<f32>,
    /// `[width]`.
    pub shift: Vec<f32>,
}

/// One layer: `x += output(attention(qkv(norm(x))))`, then `x += down(gelu(up(norm(x))))`.
#[derive(Debug)]
pub struct EncoderLayer {
    /// Before attention.
    pub attention_norm: Norm,
    /// Queries, keys and values, `width` to `3 width`.
    pub qkv: Linear,
    /// `width` to `width`.
    pub output: Linear,
    /// Before the feed-forward part.
    pub forward_norm: Norm,
    /// `width` to the hidden width.
    pub up: Linear,
    /// The hidden width to `width`.
    pub down: Linear,
}

/// The layers of an encoder.
#[derive(Debug)]
pub struct Encoder {
    /// Width and heads of all layers.
    pub shape: AttentionShape,
    /// What layer norms add to a variance.
    pub epsilon: f32,
    /// In order.
    pub layers: Vec<EncoderLayer>,
}

/// Sequences on their way through an [`Encoder`].
#[derive(Debug)]
pub struct State {
    sequences: Sequences,
    layer: usize,
    /// `[rows, width]`.
    x: Buffer,
    /// `[rows, 3 width]`, of the layer to come.
    qkv: Buffer,
    /// `[rows, width]`.
    attended: Buffer,
}

impl State {
    /// Layers passed so far.
    #[must_use]
    pub fn layer(&self) -> usize {
        self.layer
    }

    /// What the sequences are after those layers, `[rows, width]`.
    #[must_use]
    pub fn x(&self) -> &[f32] {
        &self.x
    }

    /// Queries, keys and values of the layer to come, `[rows, 3 width]`; without meaning
    /// after the last.
    #[must_use]
    pub fn qkv(&self) -> &[f32] {
        &self.qkv
    }

    /// Where the sequences' tokens lie.
    #[must_use]
    pub fn sequences(&self) -> &Sequences {
        &self.sequences
    }
}

impl Encoder {
    /// Begins with the embeddings `x` `[rows, width]` of `sequences`.
    ///
    /// # Panics
    /// If the arrays do not fit.
    #[must_use]
    pub fn start(&self, sequences: Sequences, x: &[f32]) -> State {
        let (rows, width) = (sequences.rows(), self.shape.width);
        assert_eq!(x.len(), rows * width);
        let mut state = State {
            layer: 0,
            x: Buffer::any(x.len()),
            qkv: Buffer::any(3 * rows * width),
            attended: Buffer::any(rows * width),
            sequences,
        };
        state.x.copy_from_slice(x);
        self.rows(&mut state, None, self.layers.first());
        state
    }

    /// Takes the sequences through the next layer.
    ///
    /// # Panics
    /// If there is none, or `rotary` has too few positions.
    pub fn step(&self, state: &mut State, rotary: &Rotary) {
        let layer = &self.layers[state.layer];
        attention(
            self.shape,
            &state.sequences,
            rotary,
            &state.qkv,
            &mut state.attended,
        );
        state.layer += 1;
        self.rows(state, Some(layer), self.layers.get(state.layer));
    }

    /// What rows go through by themselves: the rest of a layer after its attention, and the
    /// beginning of the next one.
    fn rows(&self, state: &mut State, layer: Option<&EncoderLayer>, next: Option<&EncoderLayer>) {
        let (rows, width) = (state.sequences.rows(), self.shape.width);
        let threads = rayon::current_num_threads();
        let height = rows
            .div_ceil(threads)
            .clamp(12, TASK_ROWS)
            .next_multiple_of(12);
        let attended = &state.attended;
        let x = Shared::new(&mut state.x);
        let qkv = Shared::new(&mut state.qkv);
        parallel::for_each(rows.div_ceil(height), |task| {
            let first = task * height;
            let count = height.min(rows - first);
            // SAFETY: tasks take different rows.
            let x = unsafe { x.part(first * width, count * width) };
            let mut normal = Buffer::any(count * width);
            if let Some(layer) = layer {
                let attended = &attended[first * width..][..count * width];
                layer.output.forward(attended, x, Finish::Add);
                self.norm(x, &layer.forward_norm, &mut normal);
                let mut hidden = Buffer::any(count * layer.up.outputs());
                layer.up.forward(&normal, &mut hidden, Finish::Gelu);
                layer.down.forward(&hidden, x, Finish::Add);
            }
            if let Some(next) = next {
                self.norm(x, &next.attention_norm, &mut normal);
                // SAFETY: as above.
                let qkv = unsafe { qkv.part(3 * first * width, 3 * count * width) };
                next.qkv.forward(&normal, qkv, Finish::Store);
            }
        });
    }

    fn norm(&self, x: &[f32], norm: &Norm, out: &mut [f32]) {
        layer_norm(x, &norm.scale, &norm.shift, self.epsilon, out);
    }
}
