"""XOR: what one neuron cannot learn and four hidden ones can; the whole of training in four lines.

Run it: python examples/xor.py
"""

import numpy as np

import multilayer as ml

x = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
target = np.array([[0.0], [1.0], [1.0], [0.0]])


def learn(net: ml.nn.Sequential, steps: int = 300) -> str:
    """Train the network on the four rows; returns its last loss and its accuracy in words."""
    loss = ml.nn.SigmoidCrossEntropy()
    optimizer = ml.optim.Adam(net.params, lr=0.1)
    for _ in range(steps):
        y, backward = net.forward(x, training=True)
        value, dy = loss(y, target)
        backward(dy)
        optimizer.step()
    accuracy = ((net(x) > 0) == (target == 1)).mean()  # the outputs are logits: above 0 means 1
    return f"loss {value:.4f}, accuracy {accuracy:.2f}"


if __name__ == "__main__":
    neuron = ml.nn.Sequential(ml.nn.Linear(2, 1), seed=0)
    print(f"one neuron          {learn(neuron)}")

    network = ml.nn.Sequential(ml.nn.Linear(2, 4), ml.nn.Tanh(), ml.nn.Linear(4, 1), seed=0)
    print(f"four hidden neurons {learn(network)}")

    run = ml.train("xor", seed=0)
    print(f"a call of ml.train  loss {run.history['loss'][-1]:.4f}, accuracy {run.scores['train']['accuracy']:.2f}")
