/// Quick start: a novelty-driven search with shared weights (EN²AS, Zhang et al. 2020, in our repaired form) over DARTS
/// cells on 10,000 real handwritten digits, beside random search of equal cost. Minutes on two cores.
opset DartsOps {
  none,
  max_pool(3x3),
  avg_pool(3x3),
  skip,
  sep_conv(3x3),
  sep_conv(5x5),
  dil_conv(3x3),
  dil_conv(5x5),
}

space Digits for image(28x28x1) -> classes(10) {
  cell Normal(s0 via relu > conv(1x1) > bn, s1 via relu > conv(1x1) > bn) {
    node x[1..4] = sum(choose 2 prev with repeats via DartsOps)
    output concat(nodes)
  }
  cell Reduce stride 2 like Normal

  net {
    stem conv(3x3, out: 3 * C) > bn
    cells depth { Reduce at depth/2; Normal otherwise }
    head gap > linear
  }

  scale search   { C: 8  depth: 3  norm(affine: false, pools: true) }
  scale evaluate { C: 8  depth: 3 }
}

search QuickStart over Digits on digits(train: 0.6, validation: 0.2, test: 0.2) {
  train: supernet(batch: 64, lr: 0.1, final_lr: 0.001, weight_decay: 3e-4, clip: 5)
  sample: novelty(population: 100, sigma: 1, alpha: 1, k: 10, warmup: 100)
  budget: 1600 steps
  select: evolution(trials: 80, population: 20, parents: 10, images: 500, calibration_batches: 2, finalists: 5)
  objective: max val_accuracy, min params
  retrain: sgd(epochs: 4, batch: 64, lr: 0.05, weight_decay: 3e-4)
  baseline: random, sgd(epochs: 1, batch: 64, lr: 0.05, weight_decay: 3e-4)
  seed: 1
}
