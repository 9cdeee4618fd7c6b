"""Made tokenizers and tiny random models: what tests of engines serve."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

hf: Any = transformers  # its classes are untyped
SENTENCES = (
    "The film was long and the music was wonderful.",
    "Call me when the train arrives, I will wait outside.",
    "You have won a prize! Reply now to claim your gift.",
    "The company expects its profit to grow next quarter.",
    "Why is nobody here on a lovely sunday morning?",
)
CHATML = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
DROPS_SYSTEM = (
    "{% for message in messages if message.role != 'system' %}<|im_start|>{{ message.role }}\n"
    "{{ message.content }}<|im_end|>\n{% endfor %}<|im_start|>assistant\n"
)
REFUSES_SYSTEM = (
    "{{ bos_token }}{% if messages[0].role == 'system' %}"
    "{{ raise_exception('System role not supported') }}{% endif %}"
    "{% for message in messages %}"
    "{% if (message.role == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate') }}{% endif %}"
    "<start_of_turn>{{ 'model' if message.role == 'assistant' else message.role }}\n"
    "{{ message.content | trim }}<end_of_turn>\n{% endfor %}"
    "{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)
THINKS = CHATML.replace(
    "<|im_start|>assistant\n{% endif %}",
    "<|im_start|>assistant\n{% if enable_thinking is defined and enable_thinking is false %}"
    "<think>\n\n</think>\n\n{% else %}<think>\n{% endif %}{% endif %}",
)
ALWAYS_THINKS = CHATML.replace("assistant\n{% endif %}", "assistant\n<think>\n{% endif %}")
DATED = "Today is {{ strftime_now('%d %B %Y') }}.\n" + CHATML
SPECIALS = (
    "<pad>",
    "<s>",
    "</s>",
    "<|im_start|>",
    "<|im_end|>",
    "<start_of_turn>",
    "<end_of_turn>",
)


def make_tokenizer(template: str | None, eos: str = "<|im_end|>") -> PreTrainedTokenizerFast:
    """Return a byte-level BPE tokenizer; without a template it begins a sequence by itself."""
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=list(SPECIALS),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    bpe.train_from_iterator(SENTENCES, trainer)
    # as real models have it: tokens that are written in a template, but not marked as special
    bpe.add_tokens([AddedToken(mark, normalized=False) for mark in ("<think>", "</think>")])
    if template is None:
        begin = bpe.token_to_id("<s>")
        bpe.post_processor = processors.TemplateProcessing(
            single="<s> $A", special_tokens=[("<s>", begin)]
        )
    marks = {"pad_token": "<pad>", "bos_token": "<s>", "eos_token": eos}
    tokenizer: PreTrainedTokenizerFast = hf.PreTrainedTokenizerFast(tokenizer_object=bpe, **marks)
    tokenizer.chat_template = template
    return tokenizer


def save_llama(folder: Path, template: str | None = CHATML, context: int = 256) -> Path:
    """Write a random model of four small layers that ends a text now and then; return it."""
    tokenizer = make_tokenizer(template, eos="</s>" if template is None else "<|im_end|>")
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    config = hf.LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=4,
        num_attention_heads=2,
        num_key_value_heads=1,
        max_position_embeddings=context,
        eos_token_id=tokenizer.eos_token_id,
        bos_token_id=tokenizer.bos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        tie_word_embeddings=False,
        initializer_range=0.2,
    )
    model = hf.LlamaForCausalLM(config)
    with torch.no_grad():
        model.lm_head.weight[tokenizer.eos_token_id] *= 2.5
    model.save_pretrained(folder)
    return folder
