/// NAS-Bench-201 (Dong and Yang 2020): 4 nodes, 6 edges, 5 ops, 15,625 cells. Here on digits with 4 channels, so that two
/// searches over real trainings take minutes on two cores. The published network has C: 16, depth: 5 on CIFAR-10.
opset Nb201Ops {
  none,
  skip,
  c1 = relu > conv(1x1) > bn,
  c3 = relu > conv(3x3) > bn,
  avg_pool(3x3),
}

space NasBench201 for image(28x28x1) -> classes(10) {
  cell Cell(x0) {
    node x[1..3] = sum(all prev via Nb201Ops)
    output x[3]
  }

  net {
    stem conv(3x3, out: C) > bn
    repeat depth { use Cell }
    down resblock(out: 2 * C)
    repeat depth { use Cell }
    down resblock(out: 4 * C)
    repeat depth { use Cell }
    head bn > relu > gap > linear
  }

  scale search   { C: 4  depth: 1 }
  scale evaluate { C: 8  depth: 1 }
}

/// Every trial trains a network from scratch; cells are drawn uniformly.
search RandomTrials over NasBench201 on digits(train: 0.5, validation: 0.25, test: 0.25) {
  train: sgd(epochs: 1, batch: 64, lr: 0.1, weight_decay: 5e-4)
  select: random
  objective: max val_accuracy, min params
  budget: 20 trials
  retrain: sgd(epochs: 6, batch: 64, lr: 0.1, weight_decay: 5e-4)
  seed: 1
}

/// Regularised evolution (Real et al. 2019) with the same budget.
search Evolution over NasBench201 on digits(train: 0.5, validation: 0.25, test: 0.25) {
  train: sgd(epochs: 1, batch: 64, lr: 0.1, weight_decay: 5e-4)
  select: regularised_evolution(population: 8, sample: 3)
  objective: max val_accuracy, min params
  budget: 20 trials
  retrain: sgd(epochs: 6, batch: 64, lr: 0.1, weight_decay: 5e-4)
  seed: 1
}
