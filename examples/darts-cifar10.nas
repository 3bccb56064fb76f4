/// The cell space of DARTS (Liu et al. 2019) on CIFAR-10: two different inputs per node, one of 7 ops each. The gradient
/// driver of DARTS comes later; until then the space is searched with shared weights of uniformly sampled paths (Li and
/// Talwalkar 2019), and the winner is trained by the published protocol.
opset DartsOps {
  max_pool(3x3),
  avg_pool(3x3),
  skip,
  sep_conv(3x3),
  sep_conv(5x5),
  dil_conv(3x3),
  dil_conv(5x5),
}

space Darts for image(32x32x3) -> classes(10) {
  cell Normal(s0 via relu > conv(1x1) > bn, s1 via relu > conv(1x1) > bn) {
    node x[1..4] = sum(choose 2 prev via DartsOps)
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

search RandomWithSharing over Darts on cifar10(train: 0.5, validation: 0.5, crop: 4, flip: true) {
  train: supernet(batch: 64, lr: 0.025, final_lr: 0.001, momentum: 0.9, weight_decay: 3e-4, clip: 5)
  sample: uniform
  budget: 50 epochs
  select: random(trials: 1000, batch: 250, images: 1000, finalists: 10)
  objective: max val_accuracy, min params
  retrain: sgd(epochs: 600, batch: 96, lr: 0.025, final_lr: 0, weight_decay: 3e-4, clip: 5, crop: 4, flip: true, cutout: 16)
  seed: 1
}
