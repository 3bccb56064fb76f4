/// EN²AS (Zhang et al. 2020) on CIFAR-10 with the published sizes: 100 epochs of 39,062 steps in all, C 16 and 8 cells
/// while searching, C 36 and 20 cells in the end. sigma and alpha are those of our repaired sampler. Days without a GPU.
opset En2asOps {
  none,
  max_pool(3x3),
  avg_pool(3x3),
  skip,
  sep_conv(3x3),
  sep_conv(5x5),
  dil_conv(3x3),
  dil_conv(5x5),
}

space En2as for image(32x32x3) -> classes(10) {
  cell Normal(s0 via relu > conv(1x1) > bn, s1 via relu > conv(1x1) > bn) {
    node x[1..4] = sum(choose 2 prev with repeats via En2asOps)
    output concat(nodes)
  }
  cell Reduce stride 2 like Normal

  net {
    stem conv(3x3, out: 3 * C) > bn
    cells depth { Reduce at depth/3, 2*depth/3; Normal otherwise }
    head gap > linear
  }

  scale search   { C: 16  depth: 8   norm(affine: false, pools: true) }
  scale evaluate { C: 36  depth: 20  auxiliary: 0.4  drop_path: 0.2 }
}

/// Half of the training images trains the shared weights, the other half selects.
search En2asCifar over En2as on cifar10(train: 0.5, validation: 0.5, crop: 4, flip: true) {
  train: supernet(batch: 64, lr: 0.025, final_lr: 0.001, momentum: 0.9, weight_decay: 3e-4, clip: 5)
  sample: novelty(population: 1000, sigma: 1, alpha: 1, k: 10, noises: 10, warmup: 1000)
  budget: 100 epochs
  select: evolution(trials: 6100, population: 100, parents: 50, crossover: 0.6, mutation_rate: 0.2, batch: 32, images: 320,
    finalists: 10)
  objective: max val_accuracy, min params
  retrain: sgd(epochs: 600, batch: 96, lr: 0.025, final_lr: 0, weight_decay: 3e-4, clip: 5, crop: 4, flip: true, cutout: 16)
  seed: 1
}
