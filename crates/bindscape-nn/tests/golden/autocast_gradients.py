"""How far PyTorch's autocast takes the gradients of a small convolutional network from
those in f32: the yardstick of `precision/tests.rs`. PyTorch 2.15, CPU.

    python autocast_gradients.py
"""

import torch
from torch import nn
from torch.nn import functional

LENGTH, ROWS, OUTPUTS, HIDDEN = 120, 40, 2, 40


def network(seed):
    torch.manual_seed(seed)
    layers, channels, length = [], 4, LENGTH
    for filters, kernel in zip([16, 20, 20], [19, 7, 4]):
        layers += [nn.Conv1d(channels, filters, kernel, bias=False), nn.BatchNorm1d(filters)]
        layers += [nn.ReLU(), nn.MaxPool1d(3)]
        channels, length = filters, (length - kernel + 1) // 3
    layers.append(nn.Flatten())
    for width in [channels * length, HIDDEN]:
        layers += [nn.Linear(width, HIDDEN, bias=False), nn.BatchNorm1d(HIDDEN), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(HIDDEN, OUTPUTS))


def batch(seed):
    generator = torch.Generator().manual_seed(seed)
    bases = torch.randint(0, 4, (ROWS, LENGTH), generator=generator)
    bound = torch.rand(ROWS, generator=generator) < 0.5
    bases[bound, 50:56] = torch.tensor([1, 0, 1, 2, 3, 2])  # CACGTG
    other = torch.rand(ROWS, generator=generator) < 0.3
    labels = torch.stack([bound, other], 1).float()
    return functional.one_hot(bases, 4).float().transpose(1, 2), labels


def gradients(seed, dtype):
    model, (x, labels) = network(seed), batch(seed + 100)
    with torch.autocast("cpu", dtype=dtype, enabled=dtype != torch.float32):
        logits = model(x)
    functional.binary_cross_entropy_with_logits(logits.float(), labels).backward()
    return torch.cat([parameter.grad.flatten() for parameter in model.parameters()])


for dtype in [torch.bfloat16, torch.float16]:
    apart = []
    for seed in range(10):
        exact = gradients(seed, torch.float32)
        apart.append(float((gradients(seed, dtype) - exact).norm() / exact.norm()))
    print(f"{dtype}: {min(apart):.3f} to {max(apart):.3f} over 10 seeds")
