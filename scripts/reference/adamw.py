"""The numbers of the test `agrees_with_pytorch` of AdamW."""

import torch

w = torch.tensor([[1.0, -2.0], [0.5, 3.0]], requires_grad=True)
b = torch.tensor([0.0, 2.0], requires_grad=True)
optimiser = torch.optim.AdamW(
    [{"params": [w], "weight_decay": 0.01}, {"params": [b], "weight_decay": 0.0}], lr=0.1
)
for _ in range(3):
    optimiser.zero_grad()
    ((w**2).sum() + ((b - 1) ** 3).sum()).backward()
    optimiser.step()
print([f"{x:.9g}" for x in w.detach().flatten().tolist()])
print([f"{x:.9g}" for x in b.detach().tolist()])
