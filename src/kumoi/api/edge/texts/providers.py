"""What is said of resource providers, in both languages. The English is Placement's own, which operators know and
programs look for."""

from typing import Final

_BAD: Final = "Invalid query string parameters: "
_WRONG: Final = "クエリーが正しくありません: "
_FORM: Final = "?resources=VCPU:2,MEMORY_MB:1024"

EN_ERRORS: Final[dict[str, str]] = {
    "not_found:no_provider": "No resource provider with uuid {id} found.",
    "not_found:no_provider_to_delete": "No resource provider with uuid {id} found for delete.",
    "not_found:inventory": "No inventory of class {id} for {provider}.",
    "not_found:no_inventory_to_delete": "No inventory of class {id} found for delete.",
    "not_found:class": "No such resource class {id}.",
    "not_found:trait": "No such trait(s): {id}.",
    "not_found:nothing_held": "No allocations for consumer '{id}'.",
    "taken:provider": "Conflicting resource provider {name} already exists.",
    "taken:inventory": "Update conflict: there is an inventory of class {name} already.",
    "taken:class": "Conflicting resource class already exists: {name}",
    "taken:class_renamed": "Resource class already exists: {name}",
    "in_use:provider_parent": "Unable to delete parent resource provider {id}: It has child resource providers.",
    "in_use:provider_held": "Unable to delete resource provider {id}: Resource provider has allocations.",
    "in_use:provider_host": "Unable to delete resource provider {id}: it is the host {by_id}.",
    "in_use:inventory": "update conflict: Inventory for '{id}' on resource provider '{provider}' in use.",
    "in_use:class": "Error in delete resource class: Cannot delete resource class {id}. Class is in use in inventory.",
    "in_use:trait": "The trait {id} is in use by a resource provider.",
    "in_use:of_instance": "The allocations of {id} are those of an instance: they follow from where it runs.",
    "stale:inventories": "resource provider generation conflict: actual: {has}, given: {given}",
    "stale:provider": "Resource provider's generation already changed. Please update the generation and try again.",
    "stale:consumer": "consumer generation conflict - expected {has} but got {given}",
    "no_capacity:no_inventory_held": "Unable to allocate inventory: Inventory for '{name}' on resource provider "
    "'{provider}' invalid.",
    "no_capacity:unit_violated": "Unable to allocate inventory: Unable to create allocation for '{name}' on resource "
    "provider '{provider}'. The requested amount would violate inventory constraints.",
    "no_capacity:allocation_exceeds": "Unable to allocate inventory: Unable to create allocation for '{name}' on "
    "resource provider '{provider}'. The requested amount would exceed the capacity.",
}
JA_ERRORS: Final[dict[str, str]] = {
    "not_found:no_provider": "リソースプロバイダー {id} は見つかりません。",
    "not_found:no_provider_to_delete": "削除するリソースプロバイダー {id} は見つかりません。",
    "not_found:inventory": "{provider} にはクラス {id} の在庫がありません。",
    "not_found:no_inventory_to_delete": "削除するクラス {id} の在庫がありません。",
    "not_found:class": "リソースクラス {id} はありません。",
    "not_found:trait": "トレイト {id} はありません。",
    "not_found:nothing_held": "コンシューマー {id} には割り当てがありません。",
    "taken:provider": "リソースプロバイダー {name} はすでにあります。",
    "taken:inventory": "クラス {name} の在庫はすでにあります。",
    "taken:class": "リソースクラス {name} はすでにあります。",
    "taken:class_renamed": "リソースクラス {name} はすでにあります。",
    "in_use:provider_parent": "リソースプロバイダー {id} は削除できません。下に別のプロバイダーがあります。",
    "in_use:provider_held": "リソースプロバイダー {id} は削除できません。割り当てがあります。",
    "in_use:provider_host": "リソースプロバイダー {id} は削除できません。ホスト {by_id} そのものです。",
    "in_use:inventory": "リソースプロバイダー {provider} のクラス {id} の在庫は使用中です。",
    "in_use:class": "リソースクラス {id} は削除できません。在庫で使われています。",
    "in_use:trait": "トレイト {id} はリソースプロバイダーで使われています。",
    "in_use:of_instance": "{id} の割り当てはインスタンスのもので、動いている場所から決まります。",
    "stale:inventories": "リソースプロバイダーの世代が違います。いまは {has} で、指定は {given} です。",
    "stale:provider": "リソースプロバイダーの世代が変わっています。読み直してから、もう一度試してください。",
    "stale:consumer": "コンシューマーの世代が違います。いまは {has} で、指定は {given} です。",
    "no_capacity:no_inventory_held": "割り当てできません。リソースプロバイダー {provider} に {name} がありません。",
    "no_capacity:unit_violated": "割り当てできません。リソースプロバイダー {provider} の {name} は、"
    "その単位では割り当てられません。",
    "no_capacity:allocation_exceeds": "割り当てできません。リソースプロバイダー {provider} の {name} が足りません。",
}
EN_INVALID: Final[dict[str, str]] = {
    "own_parent": 'Unable to create resource provider "{name}", {id}: parent provider UUID cannot be same as UUID.',
    "no_such_parent": 'Unable to {action} resource provider "{name}", {id}: parent provider UUID does not exist.',
    "re_parented": "Unable to save resource provider {id}: re-parenting a provider is not currently allowed.",
    "un_parented": "Unable to save resource provider {id}: un-parenting a provider is not currently allowed.",
    "loop": "Unable to save resource provider {id}: creating loop in the provider tree is not allowed.",
    "follows_host": "Unable to {action} resource provider {id}: its {field} is that of the host {name}.",
    "reserves_all": "Unable to {action} inventory for resource provider {id}: Invalid inventory for '{name}'. "
    "The reserved value is greater than or equal to total.",
    "reserves_more": "Unable to {action} inventory for resource provider {id}: Invalid inventory for '{name}'. "
    "The reserved value is greater than total.",
    "no_inventory_to_change": "No inventory record with resource class for resource provider {provider}: "
    "No inventory of class {field} found.",
    "no_such_class": "No such resource class {value}.",
    "no_class_in_inventory": "Unknown resource class in inventory for resource provider {provider}: "
    "No such resource class {value}.",
    "no_class_to_create": "Unable to create inventory for resource provider {provider}: "
    "No such resource class {value}.",
    "no_class_to_allocate": "Unable to allocate inventory for consumer {provider}: No such resource class {value}.",
    "no_class_to_ask": "Invalid resource class in resources parameter: No such resource class {value}.",
    "no_such_traits": "No such trait(s): {value}.",
    "trait_name": "The trait is invalid. A valid trait must be no longer than 255 characters, start with the prefix "
    '"CUSTOM_" and use following characters: "A"-"Z", "0"-"9" and "_"',
    "standard_class_goes": "Error in delete resource class: Cannot delete standard resource class {value}.",
    "standard_class_changes": "Cannot update standard resource class {value}",
    "standard_trait_goes": "Cannot delete standard trait {value}.",
    "no_provider_to_allocate": "Allocation for resource provider '{value}' that does not exist.",
    "no_provider_in_inventories": "Resource provider {value} in inventories not found.",
    "malformed_consumer": "Malformed consumer_uuid: {value}",
    "no_content_type": "content-type header required when content-length > 0",
    "not_acceptable": "Only application/json is provided",
    "non_unique": "{field}: {value} has non-unique elements",
    "query_unexpected": f"{_BAD}Additional properties are not allowed ('{{value}}' was unexpected)",
    "query_no_regex": f"{_BAD}'{{value}}' does not match any of the regexes: {{pattern}}",
    "query_pattern": f"{_BAD}'{{value}}' does not match '{{pattern}}'\n\n"
    "Failed validating 'pattern' in schema['properties']['{field}']",
    "query_uuid": f"{_BAD}'{{value}}' is not a 'uuid'",
    "query_missing": f"{_BAD}'{{field}}' is a required property",
    "query_length": f"{_BAD}'{{value}}' has the wrong length\n\n"
    "Failed validating '{keyword}' in schema['properties']['{field}']",
    "query_resources": "Badly formed resources parameter. Expected resources query string parameter in form: "
    f"{_FORM}. Got: {{value}}.",
    "query_amount": "Requested resource {name} expected positive integer amount. Got: {value}.",
    "query_amount_least": "Requested resource {name} requires amount >= 1. Got: {value}.",
    "query_traits": f"{_BAD}Expected 'required' parameter value of the form: {{form}}. Got: {{value}}",
    "query_empty_trait": f"{_BAD}Expected 'required' parameter value of the form: {{form}}. "
    "Got an empty trait in: {value}",
    "query_any_traits": f"{_BAD}The format 'in:HW_CPU_X86_VMX,CUSTOM_MAGIC' only supported since microversion 1.39. "
    "Got: {value}",
    "query_any_empty": f"{_BAD}Expected 'required' parameter value of the form: in:HW_CPU_X86_VMX,CUSTOM_MAGIC. "
    "Got an empty trait in: {value}",
    "query_any_forbidden": f"{_BAD}The format 'in:HW_CPU_X86_VMX,CUSTOM_MAGIC' does not support forbidden traits. "
    "Got: {value}",
    "query_root_twice": "Query parameter 'root_required' may be specified only once.",
    "query_root_conflict": "Conflicting required and forbidden traits found in root_required: {value}",
    "query_members_twice": "Multiple {field} parameters are not supported",
    "query_members_in": "Multiple values for 'member_of' must be prefixed with the 'in:' or '!in:' keyword using the "
    "valid microversion. Got: {value}",
    "query_members": f"{_BAD}Expected 'member_of' parameter to contain valid UUID(s). Got: {{value}}",
    "query_not_members": "Forbidden {field} parameters are not supported in the specified microversion",
    "query_tree": f"{_BAD}Expected 'in_tree' parameter to be a format of uuid. Got: {{value}}",
    "query_trait_names": "Badly formatted name parameter. Expected name query string parameter in form: "
    '?name=[in|startswith]:[name1,name2|prefix]. Got: "{value}"',
    "query_associated": 'The query parameter "associated" only accepts "true" or "false"',
    "query_policy": f"{_BAD}'{{value}}' is not one of ['none', 'isolate']",
    "query_policy_missing": 'The "group_policy" parameter is required when specifying more than one "resources{{N}}" '
    "parameter.",
    "query_subtree_empty": "Empty string (unsuffixed group) can not be specified in `same_subtree`",
    "query_no_resources": "There must be at least one resources or resources[$S] parameter.",
    "query_resourceless": "Resourceless suffixed group request should be specified in `same_subtree` query param: "
    "bad group(s) - {value}.",
    "query_suffixes": "Real suffixes should be specified in `same_subtree`: {value} not found in {names}.",
    "query_orphan_traits": "All traits parameters must be associated with resources.  Found the following orphaned "
    "traits keys: {value}",
    "query_orphan_members": "All member_of parameters must be associated with resources. Found the following orphaned "
    "member_of keys: {value}",
    "query_bare_group": "All request groups must specify resources.",
    "query_no_group": "At least one request group (`resources` or `resources{{$S}}`) is required.",
    "query_conflict": "Conflicting required and forbidden traits found in the following traits keys: {value}",
}
JA_INVALID: Final[dict[str, str]] = {
    "own_parent": "リソースプロバイダー {name} ({id}) は作成できません。自分自身は親になれません。",
    "no_such_parent": "リソースプロバイダー {name} ({id}) の親がありません ({action})。",
    "re_parented": "リソースプロバイダー {id} の親は変えられません。",
    "un_parented": "リソースプロバイダー {id} を親から離すことはできません。",
    "loop": "リソースプロバイダー {id} の木が輪になってしまいます。",
    "follows_host": "リソースプロバイダー {id} の {field} は、ホスト {name} のものです ({action})。",
    "reserves_all": "リソースプロバイダー {id} の {name} は、予約を全量より少なくしてください ({action})。",
    "reserves_more": "リソースプロバイダー {id} の {name} は、予約が全量を超えています ({action})。",
    "no_inventory_to_change": "リソースプロバイダー {provider} にはクラス {field} の在庫がありません。",
    "no_such_class": "リソースクラス {value} はありません。",
    "no_class_in_inventory": "リソースプロバイダー {provider}: リソースクラス {value} はありません。",
    "no_class_to_create": "リソースプロバイダー {provider}: リソースクラス {value} はありません。",
    "no_class_to_allocate": "コンシューマー {provider}: リソースクラス {value} はありません。",
    "no_class_to_ask": "resources が正しくありません。リソースクラス {value} はありません。",
    "no_such_traits": "トレイト {value} はありません。",
    "trait_name": "トレイトが正しくありません。CUSTOM_ で始まる、255 文字までの A〜Z、0〜9、_ にしてください。",
    "standard_class_goes": "標準のリソースクラス {value} は削除できません。",
    "standard_class_changes": "標準のリソースクラス {value} は変えられません。",
    "standard_trait_goes": "標準のトレイト {value} は削除できません。",
    "no_provider_to_allocate": "割り当てるリソースプロバイダー {value} はありません。",
    "no_provider_in_inventories": "在庫のリソースプロバイダー {value} はありません。",
    "malformed_consumer": "コンシューマー {value} は UUID ではありません。",
    "no_content_type": "本文があるときは content-type ヘッダーが必要です。",
    "not_acceptable": "application/json だけを返します。",
    "non_unique": "{field}: {value} に同じものがあります。",
    "query_unexpected": f"{_WRONG}{{value}} は使えません。",
    "query_no_regex": f"{_WRONG}{{value}} はどの形にも合いません: {{pattern}}",
    "query_pattern": f"{_WRONG}{{field}} の {{value}} は {{pattern}} に合いません。",
    "query_uuid": f"{_WRONG}{{value}} は UUID ではありません。",
    "query_missing": f"{_WRONG}{{field}} が必要です。",
    "query_length": f"{_WRONG}{{field}} の長さが正しくありません ({{keyword}}): {{value}}",
    "query_resources": f"resources は {_FORM} の形にしてください。指定: {{value}}",
    "query_amount": "{name} の量は正の整数にしてください。指定: {value}",
    "query_amount_least": "{name} の量は 1 以上にしてください。指定: {value}",
    "query_traits": f"{_WRONG}required は {{form}} の形にしてください。指定: {{value}}",
    "query_empty_trait": f"{_WRONG}required は {{form}} の形にしてください。空のトレイトがあります: {{value}}",
    "query_any_traits": f"{_WRONG}in: の形は 1.39 からです。指定: {{value}}",
    "query_any_empty": f"{_WRONG}in: に空のトレイトがあります: {{value}}",
    "query_any_forbidden": f"{_WRONG}in: では ! を使えません: {{value}}",
    "query_root_twice": "root_required は一度だけ指定できます。",
    "query_root_conflict": "root_required で、求めるトレイトと禁じるトレイトが同じです: {value}",
    "query_members_twice": "{field} は一度だけ指定できます。",
    "query_members_in": "複数の member_of には in: か !in: を付けてください。指定: {value}",
    "query_members": f"{_WRONG}member_of は UUID にしてください。指定: {{value}}",
    "query_not_members": "このバージョンでは {field} で ! を使えません。",
    "query_tree": f"{_WRONG}in_tree は UUID にしてください。指定: {{value}}",
    "query_trait_names": "name は ?name=[in|startswith]:[name1,name2|prefix] の形にしてください。指定: {value}",
    "query_associated": "associated は true か false にしてください。",
    "query_policy": f"{_WRONG}{{value}} は none でも isolate でもありません。",
    "query_policy_missing": "名前のあるグループが複数のときは、group_policy が必要です。",
    "query_subtree_empty": "same_subtree に空の名前は使えません。",
    "query_no_resources": "resources が少なくとも一つ必要です。",
    "query_resourceless": "リソースのないグループは same_subtree に入れてください: {value}",
    "query_suffixes": "same_subtree の {value} は、グループ {names} にありません。",
    "query_orphan_traits": "リソースのないトレイトがあります: {value}",
    "query_orphan_members": "リソースのない member_of があります: {value}",
    "query_bare_group": "どのグループにもリソースが必要です。",
    "query_no_group": "グループ (resources か resources{{$S}}) が少なくとも一つ必要です。",
    "query_conflict": "求めるトレイトと禁じるトレイトが同じです: {value}",
}
EN_KINDS: Final[dict[str, str]] = {
    "resource_provider": "resource provider",
    "resource_class": "resource class",
    "trait": "trait",
    "inventory": "inventory",
    "allocation": "allocation",
    "allocation_consumer": "consumer",
}
JA_KINDS: Final[dict[str, str]] = {
    "resource_provider": "リソースプロバイダー",
    "resource_class": "リソースクラス",
    "trait": "トレイト",
    "inventory": "在庫",
    "allocation": "割り当て",
    "allocation_consumer": "コンシューマー",
}
