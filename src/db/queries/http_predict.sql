-- Predictions of model $1's champion for the JSON objects in $2, in order, and the version that it is.
SELECT pgscore.predict($1, r.features) AS value, pgscore.predict_label($1, r.features) AS label,
       pgscore.predict_proba($1, r.features) AS probabilities, pgscore.predict_raw($1, r.features) AS raw,
       pgscore_models.{version}() AS version
FROM json_array_elements($2::json) WITH ORDINALITY AS r (features, position)
ORDER BY r.position
