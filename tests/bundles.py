"""What a test reads out of an output's MIME bundle."""

GRAPH = "application/vnd.tfmagic.graph+json"


def drawn(bundle):
    """The nodes in sight of a graph's bundle, by title: each a dict of its record and, by style, its lines."""
    document = bundle[GRAPH]
    open_ids = {box[0] for box in document["open"]}
    homes = {node["id"]: node.get("in", "") for node in document["nodes"]}

    def in_sight(node):
        home = homes[node["id"]]
        while home:
            if home not in open_ids:
                return False
            home = homes[home]
        return node["id"] not in open_ids

    found = {}
    for node in filter(in_sight, document["nodes"]):
        lines = {}
        for style, text, *_ in node["lines"]:
            lines.setdefault(style, []).append(text)
        found[lines["title"][0]] = {**node, "title": lines["title"][0], "type": lines.get("type", [""])[0],
                                    "values": lines.get("value", [])}
    return found
