"""PyTorch's side of step.ts: trains the reference network step by step when asked to.

Arguments: threads, batch. Reads a line per step from stdin and answers `<milliseconds> <loss>`; an empty line ends it,
answered by the peak memory of the process in bytes.
"""
import resource
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

OPS = ['sep3', 'dil3', 'sep5', 'skip', 'max', 'sep3', 'avg', 'dil5']
INPUTS = [[0, 1], [0, 2], [1, 2], [2, 4]]


class Half(nn.Sequential):
    def __init__(self, c, kernel, stride, dilation):
        padding = dilation * (kernel - 1) // 2
        super().__init__(
            nn.ReLU(),
            nn.Conv2d(c, c, kernel, stride, padding, dilation, groups=c, bias=False),
            nn.Conv2d(c, c, 1, bias=False),
            nn.BatchNorm2d(c),
        )


class ReluConvNorm(nn.Sequential):
    def __init__(self, c_in, c_out, stride=1):
        super().__init__(nn.ReLU(), nn.Conv2d(c_in, c_out, 1, stride, bias=False), nn.BatchNorm2d(c_out))


def make_op(name, c, stride):
    kernel = 5 if name.endswith('5') else 3
    if name.startswith('sep'):
        return nn.Sequential(Half(c, kernel, stride, 1), Half(c, kernel, 1, 1))
    if name.startswith('dil'):
        return Half(c, kernel, stride, 2)
    if name == 'max':
        return nn.Sequential(nn.MaxPool2d(3, stride, 1), nn.BatchNorm2d(c))
    if name == 'avg':
        return nn.Sequential(nn.AvgPool2d(3, stride, 1, count_include_pad=False), nn.BatchNorm2d(c))
    return nn.Identity() if stride == 1 else ReluConvNorm(c, c, 2)


class Cell(nn.Module):
    def __init__(self, c_before, c_last, c, reduces, was_reduction):
        super().__init__()
        self.before = ReluConvNorm(c_before, c, 2 if was_reduction else 1)
        self.last = ReluConvNorm(c_last, c)
        edges = [j for inputs in INPUTS for j in inputs]
        self.ops = nn.ModuleList(
            make_op(op, c, 2 if reduces and j < 2 else 1) for op, j in zip(OPS, edges, strict=True)
        )

    def forward(self, before, last):
        states = [self.before(before), self.last(last)]
        for node, (a, b) in enumerate(INPUTS):
            states.append(self.ops[2 * node](states[a]) + self.ops[2 * node + 1](states[b]))
        return torch.cat(states[2:], 1)


class Network(nn.Module):
    def __init__(self, channels=16, cells=8, multiplier=3):
        super().__init__()
        c = channels
        self.stem = nn.Sequential(
            nn.Conv2d(3, c * multiplier, 3, 1, 1, bias=False), nn.BatchNorm2d(c * multiplier)
        )
        self.cells = nn.ModuleList()
        c_before = c_last = c * multiplier
        was_reduction = False
        for i in range(cells):
            reduces = i in (cells // 3, 2 * cells // 3)
            c = 2 * c if reduces else c
            self.cells.append(Cell(c_before, c_last, c, reduces, was_reduction))
            c_before, c_last = c_last, 4 * c
            was_reduction = reduces
        self.head = nn.Linear(c_last, 10)

    def forward(self, x):
        before = last = self.stem(x)
        for cell in self.cells:
            before, last = last, cell(before, last)
        return self.head(last.mean((2, 3)))


def main():
    threads, batch = int(sys.argv[1]), int(sys.argv[2])
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    net = Network().to(memory_format=torch.channels_last)
    x = torch.randn(batch, 3, 32, 32).to(memory_format=torch.channels_last)
    y = torch.arange(batch) % 10
    optimiser = torch.optim.SGD(net.parameters(), 0.025, 0.9, weight_decay=3e-4)
    print(torch.__version__, sum(p.numel() for p in net.parameters()), flush=True)
    for line in sys.stdin:
        if line.strip() == '':
            break
        begin = time.perf_counter()
        optimiser.zero_grad()
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        optimiser.step()
        print((time.perf_counter() - begin) * 1e3, float(loss), flush=True)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, flush=True)


main()
