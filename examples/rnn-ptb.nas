/// The recurrent cell space of DARTS and EN²AS on Penn Treebank: 8 nodes, each reads one earlier node through one of four
/// activations. It checks and has a size; training recurrent cells is not built yet.
opset Acts { tanh, relu, sigmoid, identity }

space Rnn for tokens(10000) -> next_token {
  cell Cell(x, h) recurrent h {
    node s0 = gate(x via linear(C), h via linear(C))
    node s[1..8] = gate(choose 1 prev only via Acts)
    output mean(s)
  }

  net {
    stem embed(C)
    use Cell
    head linear
  }

  scale search   { C: 300 }
  scale evaluate { C: 850 }
}

search Ptb over Rnn on ptb(batch: 256, bptt: 35) {
  train: supernet(batch: 256, lr: 20, final_lr: 20, weight_decay: 5e-7, clip: 0.25)
  sample: novelty(population: 1000, sigma: 1, alpha: 1, k: 10, noises: 2, warmup: 1000)
  budget: 31124 steps
  select: evolution(trials: 3000, population: 50)
  objective: min val_perplexity
  seed: 1
}
