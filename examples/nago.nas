/// NAGO (Ru et al. 2020): a hierarchy of random-graph generators, whose eight numbers are searched. The top graph is cut
/// into three stages of equal size with channels 1 : 2 : 4. It checks and has a size; building its networks comes later.
space Nago for image(32x32x3) -> classes(10) {
  hierarchy Wiring {
    level top    : watts_strogatz(nodes: 3..10, k: 2..5, p: 0.1..0.9)
    level middle : erdos_renyi(nodes: 1..10, p: 0.1..0.9)
    level bottom : watts_strogatz(nodes: 3..10, k: 2..5, p: 0.1..0.9)
    stages 1, 2, 4
    leaf relu > conv(3x3) > bn
  }

  net {
    stem conv(3x3, out: C) > bn
    use Wiring
    head gap > linear
  }

  scale search { C: 32 }

  require params <= 4M because "networks of one size class are compared"
}

search NagoBohb over Nago on cifar10(train: 0.5, validation: 0.5, crop: 4, flip: true) {
  train: sgd(epochs: 120, batch: 96, lr: 0.1, weight_decay: 3e-4)
  select: bohb(eta: 2, min_epochs: 30, max_epochs: 120)
  objective: max val_accuracy, min memory
  budget: 60 trials
  seed: 1
}
