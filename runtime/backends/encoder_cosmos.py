"""The Cosmos tokenizer (diffusers): its tokens, pooled to 2 x 2."""

from runtime.learn.modality.encoding import ByFolder


class CosmosTokenizer(ByFolder):
    """Role `encoder`."""

    kind = "cosmos"
