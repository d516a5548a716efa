"""Writes a small ESM-2 with random weights, and what `transformers` and fair-esm make of
some proteins with it.

    python generate.py          # in this directory

Made with transformers 5.23.0, fair-esm 2.0.0, torch 2.15.0, safetensors 0.8.0, Python 3.11.

- `model.safetensors`, `config.json`: `EsmForMaskedLM.save_pretrained`.
- `fair.pt`, `fair-contact-regression.pt`: the same weights under the names of the files
  that fair-esm published.
- `transformers.safetensors`, `fair.safetensors`: per protein `N`, from a batch of all of
  them, `tokens.N`, `layer.L.N` (0 the embeddings), `logits.N`, `contacts.N`.
- `half-transformers.safetensors`, `half-fair.safetensors`: the same with the frequencies of
  rotary positions rounded to 16 bits, as the published weights hold them, and `frequencies`.
"""

from argparse import Namespace
from pathlib import Path

import esm
import torch
from safetensors.torch import save_file
from transformers import EsmConfig, EsmForMaskedLM

HERE = Path(__file__).parent
LAYERS, WIDTH, HEADS = 3, 32, 4
LETTERS = "LAGVSERTIDPKQNFYMHWCXBUZO.-"
MASK, PAD = 32, 1
# `#` is a masked residue; J has no token.
PROTEINS = [
    "MKTAYIAKQRQISFVKSHFSRQ",
    "MXBUZOK",
    "ACDEFGHIKLMNPQRSTVWYACDEFGHIKLMNPQRSTVWYACDEFGHIK",
    "M##LLPQ#WERTJYK",
    "W",
]


def tokens(protein):
    letters = [MASK if l == "#" else LETTERS.index(l) + 4 if l in LETTERS else 3 for l in protein]
    return [0] + letters + [2]


def fair_name(name):
    """The name of fair-esm's `ESM2` for one of `EsmForMaskedLM`."""
    name = name.removeprefix("esm.")
    for old, new in [
        ("embeddings.word_embeddings", "embed_tokens"),
        ("encoder.emb_layer_norm_after", "emb_layer_norm_after"),
        ("encoder.layer.", "layers."),
        ("attention.self.query", "self_attn.q_proj"),
        ("attention.self.key", "self_attn.k_proj"),
        ("attention.self.value", "self_attn.v_proj"),
        ("attention.output.dense", "self_attn.out_proj"),
        ("attention.LayerNorm", "self_attn_layer_norm"),
        ("intermediate.dense", "fc1"),
        ("output.dense", "fc2"),
        ("LayerNorm", "final_layer_norm"),
    ]:
        name = name.replace(old, new)
    return name


def outputs(layers, logits, contacts, lengths):
    found = {}
    for number, length in enumerate(lengths):
        for layer, values in layers.items():
            found[f"layer.{layer}.{number}"] = values[number, :length].contiguous()
        found[f"logits.{number}"] = logits[number, :length].contiguous()
        found[f"contacts.{number}"] = contacts[number, : length - 2, : length - 2].contiguous()
    return found


@torch.no_grad()
def main():
    torch.manual_seed(7)
    config = EsmConfig(
        vocab_size=33, mask_token_id=MASK, pad_token_id=PAD, hidden_size=WIDTH,
        num_hidden_layers=LAYERS, num_attention_heads=HEADS, intermediate_size=4 * WIDTH,
        max_position_embeddings=1026, position_embedding_type="rotary", token_dropout=True,
        emb_layer_norm_before=False, layer_norm_eps=1e-5, hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0, attn_implementation="eager",
    )
    model = EsmForMaskedLM(config).eval()
    for name, parameter in model.named_parameters():
        if "norm" in name.lower() and name.endswith("weight"):
            parameter.copy_(1 + 0.2 * torch.randn_like(parameter))
        elif "contact" in name:
            parameter.copy_(2 * torch.randn_like(parameter))
        else:
            # Wide enough that attention is far from even.
            parameter.copy_(0.3 * torch.randn_like(parameter))
    model.save_pretrained(HERE)

    rows = [tokens(protein) for protein in PROTEINS]
    lengths = [len(row) for row in rows]
    ids = torch.tensor([row + [PAD] * (max(lengths) - len(row)) for row in rows])
    mask = (ids != PAD).long()
    found = model(input_ids=ids, attention_mask=mask, output_hidden_states=True)
    layers = dict(enumerate(found.hidden_states))
    contacts = model.predict_contacts(ids, mask)
    expected = outputs(layers, found.logits, contacts, lengths)
    for number, row in enumerate(rows):
        expected[f"tokens.{number}"] = torch.tensor(row, dtype=torch.uint8)
    save_file(expected, HERE / "transformers.safetensors")

    state = {fair_name(name): value.clone() for name, value in model.state_dict().items()}
    state = {n: v for n, v in state.items() if "position" not in n and "inv_freq" not in n}
    state["lm_head.weight"] = state["embed_tokens.weight"]
    state.pop("lm_head.decoder.weight", None)
    fair = esm.ESM2(LAYERS, WIDTH, HEADS).eval()
    missing, unexpected = fair.load_state_dict(state, strict=False)
    assert not unexpected and all("inv_freq" in name for name in missing), (missing, unexpected)
    found = fair(ids, repr_layers=list(range(LAYERS + 1)), return_contacts=True)
    save_file(
        outputs(found["representations"], found["logits"], found["contacts"], lengths),
        HERE / "fair.safetensors",
    )
    published = {}
    for name, value in fair.state_dict().items():
        if "contact_head" in name:
            continue
        front = "encoder." if name.startswith("lm_head") else "encoder.sentence_encoder."
        published[front + name] = value
    sizes = Namespace(
        encoder_layers=LAYERS, encoder_embed_dim=WIDTH, encoder_attention_heads=HEADS,
        token_dropout=True,
    )
    torch.save({"cfg": {"model": sizes}, "model": published}, HERE / "fair.pt")
    regression = {n: v for n, v in fair.state_dict().items() if "contact_head" in n}
    torch.save({"model": regression}, HERE / "fair-contact-regression.pt")

    # The published weights hold these, and both programs take them from there.
    half = model.esm.rotary_embeddings.inv_freq.half().float()
    model.esm.rotary_embeddings.inv_freq.copy_(half)
    found = model(input_ids=ids, attention_mask=mask, output_hidden_states=True)
    layers = dict(enumerate(found.hidden_states))
    expected = outputs(layers, found.logits, model.predict_contacts(ids, mask), lengths)
    expected["frequencies"] = half
    save_file(expected, HERE / "half-transformers.safetensors")
    for layer in fair.layers:
        layer.self_attn.rot_emb.inv_freq.copy_(half)
        layer.self_attn.rot_emb._seq_len_cached = None
    found = fair(ids, repr_layers=list(range(LAYERS + 1)), return_contacts=True)
    save_file(
        outputs(found["representations"], found["logits"], found["contacts"], lengths),
        HERE / "half-fair.safetensors",
    )


main()
