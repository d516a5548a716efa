"""The PyTorch side: the multi-task network, trained on the features of prepare.py.

    pytorch.py DATA FEATURES THREADS EPOCHS VARIANT

VARIANT `padded` pads each batch of shuffled proteins to 300 positions, as the paper does.
`sorted` takes bindscape's batches of like length, cropped to the longest protein, and the part
of the dense layer's weights that belongs to it. Both set what lies beyond a protein to
zero after each pooling. Features lie in memory; Adam is the fused one. Prints one line of JSON:
proteins per second of each epoch.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

data, features, threads, epochs, variant = sys.argv[1:6]
features, epochs = int(features), int(epochs)
torch.set_num_threads(int(threads))
torch.manual_seed(1)
rows = np.loadtxt(Path(data) / "rows.txt", dtype=np.int64)
labels = np.loadtxt(Path(data) / "labels.txt", dtype=np.int64)
starts = np.concatenate([[0], np.cumsum(rows)])
values = np.fromfile(Path(data) / "features.f32", np.float32).reshape(-1, features)
POSITIONS, BATCH, NEIGHBOURS = 300, 64, 32


class MultiTask(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv1d(features, 128, 3, padding=1)
        self.conv2 = nn.Conv1d(128, 256, 3, padding=1)
        # By position, so that the first weights of a row are those of the first positions.
        self.fc1 = nn.Linear(75 * 256, 512)
        self.tf_head = nn.Linear(512, 1)
        self.domain_head = nn.Linear(512, 5)

    def forward(self, x, rows):
        for conv in (self.conv1, self.conv2):
            x = functional.max_pool1d(torch.relu(conv(x)), 2)
            rows = (rows + 1) // 2
            x = x * (torch.arange(x.shape[2])[None] < rows[:, None])[:, None]
            x = functional.dropout(x, 0.5)
        x = x.transpose(1, 2).flatten(1)
        x = functional.linear(x, self.fc1.weight[:, : x.shape[1]], self.fc1.bias)
        x = functional.dropout(torch.relu(x), 0.5)
        return self.tf_head(x)[:, 0], self.domain_head(x)


def batches(rng):
    order = rng.permutation(len(rows))
    if variant == "padded":
        return [order[i : i + BATCH] for i in range(0, len(order), BATCH)]
    groups = [order[i : i + BATCH * NEIGHBOURS] for i in range(0, len(order), BATCH * NEIGHBOURS)]
    order = np.concatenate([group[np.argsort(rows[group], kind="stable")] for group in groups])
    all_batches = [order[i : i + BATCH] for i in range(0, len(order), BATCH)]
    rng.shuffle(all_batches)
    return all_batches


network = MultiTask()
optimizer = torch.optim.Adam(network.parameters(), lr=1e-4, fused=True)
rng = np.random.default_rng(1)
speeds, losses = [], []
for _ in range(epochs):
    began, total = time.perf_counter(), 0.0
    for batch in batches(rng):
        longest = POSITIONS if variant == "padded" else -(-rows[batch].max() // 4) * 4
        x = np.zeros((len(batch), longest, features), np.float32)
        for place, protein in enumerate(batch):
            x[place, : rows[protein]] = values[starts[protein] : starts[protein + 1]]
        # A transposed view: cuDNN's counterpart on the CPU takes it as it is.
        x = torch.from_numpy(x).transpose(1, 2)
        optimizer.zero_grad()
        tf, domain = network(x, torch.from_numpy(rows[batch]))
        y = torch.from_numpy(labels[batch])
        loss = 0.7 * functional.binary_cross_entropy_with_logits(tf, (y < 4).float())
        loss = loss + 0.3 * functional.cross_entropy(domain, y)
        loss.backward()
        optimizer.step()
        total += loss.item()
    speeds.append(len(rows) / (time.perf_counter() - began))
    losses.append(total / -(-len(rows) // BATCH))
print(json.dumps({"speeds": speeds, "losses": losses}))
