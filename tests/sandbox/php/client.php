<?php
// Submit as customers' PHP programs do, in the way that the first argument names, and print what the answer says.
[, $way, $base, $account, $key, $mobile, $content] = $argv;
$url = $base . '?method=Submit';
$fields = ['account' => $account, 'password' => $key, 'mobile' => $mobile, 'content' => $content];

function by_curl(array $options): string
{
    $handle = curl_init();
    curl_setopt_array($handle, $options + [CURLOPT_RETURNTRANSFER => true, CURLOPT_TIMEOUT => 10]);
    $answer = curl_exec($handle);
    if ($answer === false) {
        exit('curl: ' . curl_error($handle));
    }
    return $answer;
}

function by_stream(string $url, string $header, string $body): string
{
    $http = ['method' => 'POST', 'header' => $header, 'content' => $body, 'timeout' => 10];
    return file_get_contents($url, false, stream_context_create(['http' => $http]));
}

switch ($way) {
    case 'curl-array':
        $answer = by_curl([CURLOPT_URL => $url, CURLOPT_POSTFIELDS => $fields]);
        break;
    case 'curl-query':
        $answer = by_curl([CURLOPT_URL => $url, CURLOPT_POST => true, CURLOPT_POSTFIELDS => http_build_query($fields)]);
        break;
    case 'curl-joined':
        // Nothing is encoded: the text goes out in raw UTF-8.
        $pairs = array_map(fn ($name) => "$name=$fields[$name]", array_keys($fields));
        $answer = by_curl([CURLOPT_URL => $url, CURLOPT_POSTFIELDS => implode('&', $pairs)]);
        break;
    case 'curl-raw-get':
        $answer = by_curl([CURLOPT_URL => "$url&account=$account&password=$key&mobile=$mobile&content=$content"]);
        break;
    case 'curl-proxy':
        $proxy = parse_url($base, PHP_URL_HOST) . ':' . parse_url($base, PHP_URL_PORT);
        $answer = by_curl([
            CURLOPT_URL => 'http://106.ihuyi.com/webservice/sms.php?method=Submit',
            CURLOPT_PROXY => $proxy,
            CURLOPT_POSTFIELDS => http_build_query($fields),
        ]);
        break;
    case 'curl-json':
        $answer = by_curl([
            CURLOPT_URL => $url,
            CURLOPT_HTTPHEADER => ['Content-Type: application/json'],
            CURLOPT_POSTFIELDS => json_encode($fields),
        ]);
        break;
    case 'stream':
        $answer = by_stream($url, 'Content-Type: application/x-www-form-urlencoded', http_build_query($fields));
        break;
    case 'stream-raw-get':
        $answer = file_get_contents("$url&account=$account&password=$key&mobile=$mobile&content=$content");
        break;
    case 'socket':
        // As programs from before curl was common: HTTP/1.0, the answer read to the end of the connection.
        $body = http_build_query($fields);
        $socket = fsockopen(parse_url($base, PHP_URL_HOST), parse_url($base, PHP_URL_PORT), $number, $text, 10);
        fwrite($socket, "POST /webservice/sms.php?method=Submit HTTP/1.0\r\nHost: 106.ihuyi.com\r\n"
            . "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: " . strlen($body) . "\r\n\r\n$body");
        $answer = explode("\r\n\r\n", stream_get_contents($socket), 2)[1];
        break;
}

$read = simplexml_load_string($answer);
// The other way that is common: each element's text between its tags.
preg_match_all('~<(\w+)>([^<]*)</\1>~', $answer, $found, PREG_SET_ORDER);
$matched = array_column($found, 2, 1);
echo json_encode([
    'simplexml' => [(string) $read->code, (string) $read->msg, (string) $read->smsid],
    'regex' => [$matched['code'] ?? '', $matched['msg'] ?? '', $matched['smsid'] ?? ''],
    'namespaces' => $read->getDocNamespaces(),
]);
