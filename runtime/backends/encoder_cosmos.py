"""The Cosmos tokenizer (diffusers): its tokens, pooled to 2 x 2."""

from runtime.foresight.encoded import ByFolder


class CosmosTokenizer(ByFolder):
    """Role `encoder`."""

    kind = "cosmos"
