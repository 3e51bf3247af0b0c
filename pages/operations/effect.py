"""What did a change of quotas bring?"""

from pages.shared import effect_parts, parts, visit

effect_parts.section(visit.now())
parts.sources(method="an effect")
