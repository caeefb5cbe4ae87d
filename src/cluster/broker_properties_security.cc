// Broker properties: TLS, SASL, tokens and access control.
// Names, types, defaults and ranges are those of Kafka 4.2; sorted by name.
#include "cluster/broker_property_row.h"

namespace tideline::cluster {

namespace {

using enum base::PropertyType;

constexpr std::string_view kJava = "a Java class cannot be loaded here";
constexpr std::string_view kAuthorizer = "access control is not served yet, and starting without it would open what is meant to be closed";
constexpr std::string_view kSasl = "only SASL listeners read it, and those are refused";
constexpr std::string_view kTls = "only TLS listeners read it, and those are refused";
constexpr std::string_view kTokens = "delegation tokens are not served yet";
constexpr std::string_view kAuthorizerOnly = "only an authorizer reads it, and none is served yet";

constexpr std::string_view kSslClientAuth[] = {"required", "requested", "none"};

constexpr Row kRows[] = {
    // clang-format off
    Row("allow.everyone.if.no.acl.found", boolean, "false", "Whether resources without access rules are open; an authorizer reads it.").accepted(kAuthorizerOnly),
    Row("authorizer.class.name", string, "", "Class that decides who may do what; empty allows everybody everything.").refused(kAuthorizer),
    Row("connection.failed.authentication.delay.ms", int32, "100", "Wait before a connection that failed to authenticate is closed.").at_least(0).accepted(kSasl),
    Row("connections.max.reauth.ms", int64, "0", "Time after which a SASL client has to authenticate again.").accepted(kSasl),
    Row("delegation.token.expiry.check.interval.ms", int64, "3600000", "Time between searches for expired delegation tokens.").at_least(1).accepted(kTokens),
    Row("delegation.token.expiry.time.ms", int64, "86400000", "Life of a delegation token that is not renewed.").at_least(1).accepted(kTokens),
    Row("delegation.token.max.lifetime.ms", int64, "604800000", "Life of a delegation token however often it is renewed.").at_least(1).accepted(kTokens),
    Row("delegation.token.secret.key", password, kNull, "Secret from which delegation tokens are made; setting it turns them on.").refused(kTokens),
    Row("principal.builder.class", klass, "org.apache.kafka.common.security.authenticator.DefaultKafkaPrincipalBuilder", "Class that names the principal of a connection.").per_broker().refused(kJava),
    Row("sasl.client.callback.handler.class", klass, kNull, "Class that supplies credentials to SASL clients.").accepted(kSasl),
    Row("sasl.enabled.mechanisms", list, "GSSAPI", "SASL mechanisms that are on.").per_broker().accepted(kSasl),
    Row("sasl.jaas.config", password, kNull, "Login module and its options.").per_broker().accepted(kSasl),
    Row("sasl.kerberos.kinit.cmd", string, "/usr/bin/kinit", "Path of kinit.").per_broker().accepted(kSasl),
    Row("sasl.kerberos.min.time.before.relogin", int64, "60000", "Shortest time between two Kerberos logins.").per_broker().accepted(kSasl),
    Row("sasl.kerberos.principal.to.local.rules", list, "DEFAULT", "Rules that turn Kerberos principals into short names.").per_broker().accepted(kSasl),
    Row("sasl.kerberos.service.name", string, kNull, "Kerberos name of the brokers.").per_broker().accepted(kSasl),
    Row("sasl.kerberos.ticket.renew.jitter", float64, "0.05", "Random share added to the time of renewal of a ticket.").per_broker().accepted(kSasl),
    Row("sasl.kerberos.ticket.renew.window.factor", float64, "0.8", "Share of a ticket's life after which it is renewed.").per_broker().accepted(kSasl),
    Row("sasl.login.callback.handler.class", klass, kNull, "Class that supplies credentials at login.").accepted(kSasl),
    Row("sasl.login.class", klass, kNull, "Class that logs in.").accepted(kSasl),
    Row("sasl.login.connect.timeout.ms", int32, kNull, "Wait for a connection to the token provider.").accepted(kSasl),
    Row("sasl.login.read.timeout.ms", int32, kNull, "Wait for an answer of the token provider.").accepted(kSasl),
    Row("sasl.login.refresh.buffer.seconds", int16, "300", "Time before expiry that a refresh keeps free.").per_broker().accepted(kSasl),
    Row("sasl.login.refresh.min.period.seconds", int16, "60", "Shortest time between two refreshes of a credential.").per_broker().accepted(kSasl),
    Row("sasl.login.refresh.window.factor", float64, "0.8", "Share of a credential's life after which it is refreshed.").per_broker().accepted(kSasl),
    Row("sasl.login.refresh.window.jitter", float64, "0.05", "Random share added to the time of refresh.").per_broker().accepted(kSasl),
    Row("sasl.login.retry.backoff.max.ms", int64, "10000", "Longest wait before the token provider is asked again.").accepted(kSasl),
    Row("sasl.login.retry.backoff.ms", int64, "100", "First wait before the token provider is asked again.").accepted(kSasl),
    Row("sasl.mechanism.controller.protocol", string, "GSSAPI", "SASL mechanism towards controllers.").accepted(kSasl),
    Row("sasl.mechanism.inter.broker.protocol", string, "GSSAPI", "SASL mechanism between brokers.").per_broker().accepted(kSasl),
    Row("sasl.oauthbearer.assertion.algorithm", string, "RS256", "Algorithm that signs assertions.").accepted(kSasl),
    Row("sasl.oauthbearer.assertion.claim.aud", string, kNull, "Audience claim of assertions.").accepted(kSasl),
    Row("sasl.oauthbearer.assertion.claim.exp.seconds", int32, "300", "Life of an assertion.").between(0, 86400).accepted(kSasl),
    Row("sasl.oauthbearer.assertion.claim.iss", string, kNull, "Issuer claim of assertions.").accepted(kSasl),
    Row("sasl.oauthbearer.assertion.claim.jti.include", boolean, "false", "Whether assertions carry an id.").accepted(kSasl),
    Row("sasl.oauthbearer.assertion.claim.nbf.seconds", int32, "60", "Time in the past from which an assertion is valid.").between(0, 3600).accepted(kSasl),
    Row("sasl.oauthbearer.assertion.claim.sub", string, kNull, "Subject claim of assertions.").accepted(kSasl),
    Row("sasl.oauthbearer.assertion.file", string, kNull, "File of a ready-made assertion.").accepted(kSasl),
    Row("sasl.oauthbearer.assertion.private.key.file", string, kNull, "File of the key that signs assertions.").accepted(kSasl),
    Row("sasl.oauthbearer.assertion.private.key.passphrase", password, kNull, "Passphrase of that key.").accepted(kSasl),
    Row("sasl.oauthbearer.assertion.template.file", string, kNull, "File of an assertion's fixed parts.").accepted(kSasl),
    Row("sasl.oauthbearer.client.credentials.client.id", string, kNull, "Client id for the client-credentials grant.").accepted(kSasl),
    Row("sasl.oauthbearer.client.credentials.client.secret", password, kNull, "Client secret for the client-credentials grant.").accepted(kSasl),
    Row("sasl.oauthbearer.clock.skew.seconds", int32, "30", "Difference of clocks that token checks forgive.").accepted(kSasl),
    Row("sasl.oauthbearer.expected.audience", list, "", "Audiences one of which a token must name.").accepted(kSasl),
    Row("sasl.oauthbearer.expected.issuer", string, kNull, "Issuer that a token must name.").accepted(kSasl),
    Row("sasl.oauthbearer.jwks.endpoint.refresh.ms", int64, "3600000", "Time between fetches of the signing keys.").accepted(kSasl),
    Row("sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms", int64, "10000", "Longest wait before the signing keys are fetched again.").accepted(kSasl),
    Row("sasl.oauthbearer.jwks.endpoint.retry.backoff.ms", int64, "100", "First wait before the signing keys are fetched again.").accepted(kSasl),
    Row("sasl.oauthbearer.jwks.endpoint.url", string, kNull, "Where the signing keys are.").accepted(kSasl),
    Row("sasl.oauthbearer.jwt.retriever.class", klass, "org.apache.kafka.common.security.oauthbearer.DefaultJwtRetriever", "Class that gets tokens.").accepted(kSasl),
    Row("sasl.oauthbearer.jwt.validator.class", klass, "org.apache.kafka.common.security.oauthbearer.DefaultJwtValidator", "Class that checks tokens.").accepted(kSasl),
    Row("sasl.oauthbearer.scope", string, kNull, "Scope asked for with a token.").accepted(kSasl),
    Row("sasl.oauthbearer.scope.claim.name", string, "scope", "Claim that holds the scope.").accepted(kSasl),
    Row("sasl.oauthbearer.sub.claim.name", string, "sub", "Claim that holds the subject.").accepted(kSasl),
    Row("sasl.oauthbearer.token.endpoint.url", string, kNull, "Where tokens are given out.").accepted(kSasl),
    Row("sasl.server.callback.handler.class", klass, kNull, "Class that checks credentials of SASL clients.").accepted(kSasl),
    Row("sasl.server.max.receive.size", int32, "524288", "Largest message of a SASL client before it is authenticated.").accepted(kSasl),
    Row("security.providers", string, kNull, "Classes that provide security algorithms.").refused(kJava),
    Row("ssl.allow.dn.changes", boolean, "false", "Whether a new certificate may have another distinguished name.").accepted(kTls),
    Row("ssl.allow.san.changes", boolean, "false", "Whether a new certificate may have other alternative names.").accepted(kTls),
    Row("ssl.cipher.suites", list, "", "Cipher suites that are on.").per_broker().accepted(kTls),
    Row("ssl.client.auth", string, "none", "Whether clients must show a certificate.").one_of(kSslClientAuth).per_broker().accepted(kTls),
    Row("ssl.enabled.protocols", list, "TLSv1.2,TLSv1.3", "TLS versions that are on.").per_broker().accepted(kTls),
    Row("ssl.endpoint.identification.algorithm", string, "https", "How a server's name is checked against its certificate.").per_broker().accepted(kTls),
    Row("ssl.engine.factory.class", klass, kNull, "Class that makes TLS engines.").per_broker().accepted(kTls),
    Row("ssl.key.password", password, kNull, "Password of the private key.").per_broker().accepted(kTls),
    Row("ssl.keymanager.algorithm", string, "SunX509", "Algorithm of the key manager.").per_broker().accepted(kTls),
    Row("ssl.keystore.certificate.chain", password, kNull, "Certificate chain in PEM.").per_broker().accepted(kTls),
    Row("ssl.keystore.key", password, kNull, "Private key in PEM.").per_broker().accepted(kTls),
    Row("ssl.keystore.location", string, kNull, "File of the key store.").per_broker().accepted(kTls),
    Row("ssl.keystore.password", password, kNull, "Password of the key store.").per_broker().accepted(kTls),
    Row("ssl.keystore.type", string, "JKS", "Format of the key store.").per_broker().accepted(kTls),
    Row("ssl.principal.mapping.rules", string, "DEFAULT", "Rules that turn a distinguished name into a principal.").accepted(kTls),
    Row("ssl.protocol", string, "TLSv1.3", "TLS version of outgoing connections.").per_broker().accepted(kTls),
    Row("ssl.provider", string, kNull, "Provider of TLS.").per_broker().accepted(kTls),
    Row("ssl.secure.random.implementation", string, kNull, "Source of randomness for TLS.").per_broker().accepted(kTls),
    Row("ssl.trustmanager.algorithm", string, "PKIX", "Algorithm of the trust manager.").per_broker().accepted(kTls),
    Row("ssl.truststore.certificates", password, kNull, "Trusted certificates in PEM.").per_broker().accepted(kTls),
    Row("ssl.truststore.location", string, kNull, "File of the trust store.").per_broker().accepted(kTls),
    Row("ssl.truststore.password", password, kNull, "Password of the trust store.").per_broker().accepted(kTls),
    Row("ssl.truststore.type", string, "JKS", "Format of the trust store.").per_broker().accepted(kTls),
    Row("super.users", string, "", "Principals that may do everything; an authorizer reads it.").accepted(kAuthorizerOnly),
    // clang-format on
};

}  // namespace

std::span<const Row> security_properties() { return kRows; }

}  // namespace tideline::cluster
