"""Lowering: from the pruned graph to a torch.fx graph, by calling each op's kernel with proxies."""
