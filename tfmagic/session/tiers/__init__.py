"""Tiers: each turns a PlanGraph into a callable that takes its parameters and gives its triple of outputs.

`python` compiles the code that torch.fx prints; `machine` does so too, until a plan has run so often that machine code
for its element-wise calls pays; `traced` goes node by node and tells when each was computed. A plan is never changed by
a tier, so that several callables of one plan can be used side by side. `failures` tells, for every tier, which node an
exception comes from.
"""
