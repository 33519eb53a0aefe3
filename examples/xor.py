"""XOR: what one neuron cannot learn and four hidden ones can; the whole of training in four lines.

Run it: python examples/xor.py
"""

import numpy as np

import multilayer as ml

x = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
target = np.array([[0.0], [1.0], [1.0], [0.0]])


def learn(net: ml.nn.Sequential, steps: int = 300) -> float:
    """Train the network on the four rows and return its accuracy on them."""
    loss = ml.nn.SigmoidCrossEntropy()
    optimizer = ml.optim.Adam(net.params, lr=0.1)
    for _ in range(steps):
        y, backward = net.forward(x, training=True)
        value, dy = loss(y, target)
        backward(dy)
        optimizer.step()
    return float(((net(x) > 0) == (target == 1)).mean())


if __name__ == "__main__":
    neuron = ml.nn.Sequential(ml.nn.Linear(2, 1), seed=0)
    print(f"one neuron          {learn(neuron):.2f} of the rows are right")

    network = ml.nn.Sequential(ml.nn.Linear(2, 4), ml.nn.Tanh(), ml.nn.Linear(4, 1), seed=0)
    print(f"four hidden neurons {learn(network):.2f} of the rows are right")

    run = ml.train("xor", seed=0)
    print(f"the same in a line  {run.scores['train']['accuracy']:.2f} of the rows are right")
